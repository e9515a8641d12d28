/* completion.c: see completion.h. */
#include "completion.h"

#include <string.h>

#include "store.h"

/* What kind of word an option or operand takes, from its name in the help. */
enum word { WORD_ANY, WORD_FILE, WORD_FOLDER, WORD_CHOICE };

static enum word word_of(const struct pmt_option *option)
{
    if (option->choices)
        return WORD_CHOICE;
    if (strstr(option->arg, "FILE"))
        return WORD_FILE;
    return strstr(option->arg, "DIR") ? WORD_FOLDER : WORD_ANY;
}

/* The next row that a user may type. */
static const struct pmt_option *next_shown(const struct pmt_command *command,
                                           size_t *at)
{
    const struct pmt_option *option;

    do
        option = pmt_options_next(command, at);
    while (option && (option->hidden || option->kind == PMT_OPTION_HEADING));
    return option;
}

static void print_choices(const struct pmt_option *option, FILE *file)
{
    for (size_t i = 0; option->choices[i]; i++)
        fprintf(file, "%s%s", i ? " " : "", option->choices[i]);
}

static void print_command_names(const struct pmt_command *const *commands,
                                const char *prefix, FILE *file)
{
    for (; *commands; commands++)
        fprintf(file, " %s%s", prefix, (*commands)->name);
}

/* ---- bash ---- */

static void bash_options(const struct pmt_command *command, FILE *file)
{
    const struct pmt_option *option;
    size_t at = 0;

    fprintf(file, "    %s) echo '", command->name);
    while ((option = next_shown(command, &at))) {
        if (!option->name) {
            fprintf(file, "-%c ", option->letter);
            continue;
        }
        fprintf(file, "--%s%s ", option->name,
                pmt_option_takes_value(option) ? "=" : "");
        if (option->kind == PMT_OPTION_NEGATABLE)
            fprintf(file, "--no-%s ", option->name);
    }
    fprintf(file, "' ;;\n");
}

static void bash_values(const struct pmt_command *command, FILE *file)
{
    const struct pmt_option *option;
    size_t at = 0;

    while ((option = next_shown(command, &at))) {
        if (!pmt_option_takes_value(option))
            continue;
        fprintf(file, "    ");
        if (option->letter)
            fprintf(file, "'%s -%c'%s", command->name, option->letter,
                    option->name ? "|" : "");
        if (option->name)
            fprintf(file, "'%s --%s'", command->name, option->name);
        fprintf(file, ") echo '");
        switch (word_of(option)) {
        case WORD_ANY:
            fputs("@any", file);
            break;
        case WORD_FILE:
            fputs("@file", file);
            break;
        case WORD_FOLDER:
            fputs("@folder", file);
            break;
        case WORD_CHOICE:
            print_choices(option, file);
            break;
        }
        fprintf(file, "' ;;\n");
    }
}

static const char bash_body[] =
    "_pmt()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command i values start\n"
    "    COMPREPLY=()\n"
    "    case ${COMP_WORDS[0]##*/} in\n"
    "    pmt-*) command=${COMP_WORDS[0]##*/pmt-}; command=${command#pmt-} ;;\n"
    "    *)  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "            [[ ${COMP_WORDS[i]} == -* ]] && continue\n"
    "            command=${COMP_WORDS[i]}\n"
    "            break\n"
    "        done\n"
    "        if [[ -z $command ]]; then\n"
    "            COMPREPLY=($(compgen -W \"$_pmt_commands help -h -V\" -- \"$cur\"))\n"
    "            return\n"
    "        fi ;;\n"
    "    esac\n"
    "    # \"--by=type\" comes as three words.\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=\n"
    "    elif [[ $option == '=' ]]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    values=$(_pmt_values \"$command $option\")\n"
    "    if [[ -z $values && $cur == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_pmt_options \"$command\")\" -- \"$cur\"))\n"
    "        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
    "        return\n"
    "    fi\n"
    "    [[ $command == help ]] && values=$_pmt_commands\n"
    "    case $values in\n"
    "    @any) ;;\n"
    "    @folder)\n"
    "        compopt -o filenames\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
    "    ''|@file)\n"
    "        compopt -o filenames\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "    *)  # what stands before the last comma is chosen already\n"
    "        start=${cur%\"${cur##*,}\"}\n"
    "        COMPREPLY=($(compgen -P \"$start\" -W \"$values\" -- \"${cur##*,}\")) ;;\n"
    "    esac\n"
    "}\n\n";

void pmt_completion_bash(const struct pmt_command *const *commands, FILE *file)
{
    fputs(
        "# bash completion for pmt; made by: pmt --make-completion=bash\n\n"
        "_pmt_commands='",
        file);
    print_command_names(commands, "", file);
    fputs("'\n\n_pmt_options()\n{\n    case $1 in\n", file);
    for (size_t i = 0; commands[i]; i++)
        bash_options(commands[i], file);
    fputs("    esac\n}\n\n_pmt_values()\n{\n    case $1 in\n", file);
    for (size_t i = 0; commands[i]; i++)
        bash_values(commands[i], file);
    fputs("    esac\n}\n\n", file);
    fputs(bash_body, file);
    fputs("complete -F _pmt pmt", file);
    print_command_names(commands, "pmt-", file);
    putc('\n', file);
}

/* ---- zsh ---- */

/* Within '…' in a spec of _arguments. */
static void zsh_text(const char *text, FILE *file)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", file);
        else if (strchr("[]:\\", *text))
            putc('\\', file);
        putc(*text, file);
    }
}

/* ":KEY:(type site)" after an option. */
static void zsh_value(const struct pmt_option *option, FILE *file)
{
    putc(':', file);
    zsh_text(option->arg, file);
    putc(':', file);
    switch (word_of(option)) {
    case WORD_ANY:
        break;
    case WORD_FILE:
        fputs("_files", file);
        break;
    case WORD_FOLDER:
        fputs("_files -/", file);
        break;
    case WORD_CHOICE:
        if (option->kind == PMT_OPTION_SET)
            fputs("_values -s , choice ", file);
        else
            putc('(', file);
        print_choices(option, file);
        if (option->kind != PMT_OPTION_SET)
            putc(')', file);
        break;
    }
}

/* One spec; dashes_name: "-n" or "--top". */
static void zsh_spec(const struct pmt_option *option, const char *dashes,
                     const char *name, FILE *file)
{
    bool repeats = option->kind == PMT_OPTION_LIST ||
                   option->kind == PMT_OPTION_COUNT;
    bool value = pmt_option_takes_value(option);
    const char *glue = dashes[1] ? "=" : "+";

    fputs(" \\\n        '", file);
    if (repeats)
        putc('*', file);
    else if (option->letter && option->name)
        fprintf(file, "(-%c --%s)", option->letter, option->name);
    fprintf(file, "%s%s%s[", dashes, name, value ? glue : "");
    zsh_text(option->help, file);
    putc(']', file);
    if (value)
        zsh_value(option, file);
    putc('\'', file);
}

static void zsh_command(const struct pmt_command *command, FILE *file)
{
    const struct pmt_option *option;
    size_t at = 0;

    fprintf(file, "    %s)\n        _arguments -s -S", command->name);
    while ((option = next_shown(command, &at))) {
        char letter[] = {option->letter, '\0'};

        if (option->letter)
            zsh_spec(option, "-", letter, file);
        if (option->name)
            zsh_spec(option, "--", option->name, file);
        if (option->kind == PMT_OPTION_NEGATABLE)
            zsh_spec(option, "--no-", option->name, file);
    }
    fprintf(file, " \\\n        '%s' ;;\n",
            command->stops_at_operand ? "*::command:_normal" : "*:file:_files");
}

static const char zsh_body[] =
    "    local command\n"
    "    if [[ $service == pmt-* ]]; then\n"
    "        command=${service#pmt-}\n"
    "    elif (( CURRENT == 2 )); then\n"
    "        _describe command commands\n"
    "        return\n"
    "    else\n"
    "        command=$words[2]\n"
    "        shift words\n"
    "        (( CURRENT-- ))\n"
    "    fi\n"
    "    case $command in\n"
    "    help)\n"
    "        _describe command commands ;;\n";

void pmt_completion_zsh(const struct pmt_command *const *commands, FILE *file)
{
    fputs("#compdef pmt", file);
    print_command_names(commands, "pmt-", file);
    fputs(
        "\n# zsh completion for pmt; made by: pmt --make-completion=zsh\n\n"
        "_pmt()\n{\n    local -a commands=(\n",
        file);
    for (size_t i = 0; commands[i]; i++) {
        fprintf(file, "        '%s:", commands[i]->name);
        zsh_text(commands[i]->summary, file);
        fputs("'\n", file);
    }
    fputs("        'help:say how to use a command'\n    )\n", file);
    fputs(zsh_body, file);
    for (size_t i = 0; commands[i]; i++)
        zsh_command(commands[i], file);
    fputs("    esac\n}\n\n_pmt \"$@\"\n", file);
}
