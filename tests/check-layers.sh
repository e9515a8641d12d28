#!/bin/bash
# Checks the rules of the layers, and prints a line for each broken one:
#
#   check-layers.sh [TOP]      the tree below TOP (the source this is in)
#
# 1. Who includes whom: see `allowed` below.  Nothing includes recorder/; other
#    layers see only format's public headers, format/pmt/.
# 2. One file each knows zstd.h, cbor.h, CPython's versions and /proc.  A .c
#    and its .h count as one, and so do cpython.c and cpython-*.c, and
#    proc-linux.c and proc-linux-*.c.
# 3. format/ never prints, exits or reads the environment; files of analyse/
#    that are no command never print to stdout or stderr, or exit; options are
#    parsed in analyse/cli/ only.
#
# Comments do not count.  Exit status: 0, or 1 if a rule is broken.

cd "${1:-$(dirname "$0")/..}" || exit 2
shopt -s nullglob
failed=0

bad()
{
    echo "check-layers: $1"
    failed=1
}

# code FILE...: each line as FILE:LINE:TEXT, without comments; strings stay.
code()
{
    awk '
    FNR == 1 { inside = 0 }
    {
        text = $0; out = ""; string = ""
        while (text != "") {
            two = substr(text, 1, 2); one = substr(text, 1, 1)
            if (inside) {
                end = index(text, "*/")
                if (!end) break
                text = substr(text, end + 2); inside = 0
            } else if (string != "" && one == "\\") {
                out = out two; text = substr(text, 3)
            } else if (string != "") {
                if (one == string) string = ""
                out = out one; text = substr(text, 2)
            } else if (two == "//") {
                break
            } else if (two == "/*") {
                inside = 1; text = substr(text, 3); out = out " "
            } else {
                if (one == "\"" || one == "\047") string = one
                out = out one; text = substr(text, 2)
            }
        }
        if (out ~ /[^ ]/) print FILENAME ":" FNR ":" out
    }' "$@" /dev/null
}

# layer FILE: the layer that a file of ours belongs to.
layer()
{
    case $1 in
    format/pmt/*) echo format-public ;;
    analyse/cli/*) echo cli ;;
    recorder/cmd-*) echo recorder-command ;;
    *) echo "${1%%/*}" ;;
    esac
}

# allowed LAYER: the layers of ours that it may include.
allowed()
{
    case $1 in
    format | format-public) echo "format-public format" ;;
    recorder) echo "format-public recorder" ;;
    recorder-command) echo "format-public cli recorder recorder-command" ;;
    cli) echo "cli" ;;
    plot) echo "format-public cli analyse plot" ;;
    *) echo "format-public cli $1" ;;
    esac
}

libc='^(assert|ctype|dirent|dlfcn|elf|endian|err|errno|fcntl|float|fnmatch'
libc+='|glob|inttypes|iso646|langinfo|libgen|limits|link|locale|malloc|math'
libc+='|poll|pthread|pwd|regex|sched|search|semaphore|setjmp|signal|spawn'
libc+='|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string'
libc+='|strings|termios|time|unistd|wchar|wctype'
libc+='|(sys|linux|asm|net|netinet|arpa)/[a-z0-9_/]+|.*intrin|cpuid)\.h$'

# may_system FILE LAYER HEADER: a header that is not ours.
may_system()
{
    case $3 in
    zstd*.h | cbor.h | cbor/*) [[ $2 == format ]] ;;
    *) [[ $2 == recorder || $3 =~ $libc ]] ;;
    esac
}

# resolve FILE NAME: the file of ours that FILE means by "NAME", if any.
resolve()
{
    local dir
    for dir in "${1%/*}" format analyse analyse/cli recorder .; do
        if [[ -f $dir/$2 ]]; then
            realpath --relative-to=. "$dir/$2"
            return
        fi
    done
}

check_includes()
{
    local file line from to name target
    while IFS=: read -r file line name; do
        from=$(layer "$file")
        target=$(resolve "$file" "$name")
        if [[ -z $target ]]; then
            may_system "$file" "$from" "$name" ||
                bad "$file:$line: $from may not include $name"
            continue
        fi
        to=$(layer "$target")
        [[ " $(allowed "$from") " == *" $to "* ]] ||
            bad "$file:$line: $from may not include $to ($target)"
    done < <(printf '%s\n' "$all_code" | sed -nE \
        's/^([^:]*:[0-9]+):[ \t]*#[ \t]*include[ \t]*["<]([^">]*)[">].*/\1:\2/p')
}

# only_one WHAT PATTERN FOLDER...: at most one file of the folders' code has it.
only_one()
{
    local what=$1 pattern=$2 files
    shift 2
    files=$(printf '%s\n' "$all_code" | grep -E "^($(IFS='|'; echo "$*"))/" |
        grep -E "^[^:]*:[0-9]+:.*($pattern)" | cut -d: -f1 |
        sort -u)
    [[ $(sed -E 's/\.[ch]$//; s/(cpython|proc-linux)-[a-z]+$/\1/' <<<"$files" |
        sort -u | wc -l) -le 1 ]] ||
        bad "more than one file knows $what: ${files//$'\n'/ }"
}

# never WHY FILES CALLS: the files (a regular expression) call none of CALLS.
never()
{
    local hit
    while IFS= read -r hit; do
        bad "$(cut -d: -f1,2 <<<"$hit"): $1: ${hit#*:*:}"
    done < <(printf '%s\n' "$all_code" | grep -E "^($2):" |
        sed -E 's/"([^"\\]|\\.)*"/""/g' |
        grep -E "^[^:]*:[0-9]+:(.*[^A-Za-z0-9_.>])?($3)")
}

sources=()
for dir in format format/pmt recorder analyse analyse/cli plot dtrace; do
    sources+=("$dir"/*.[ch])
done
if [[ ${#sources[@]} -eq 0 ]]; then
    echo "check-layers: no sources"
    exit 1
fi
all_code=$(code "${sources[@]}")

check_includes

only_one "zstd.h" '#[ ]*include[ ]*[<"]zstd[a-z_]*\.h' format recorder analyse plot
only_one "cbor.h" '#[ ]*include[ ]*[<"]cbor[/.]' format recorder analyse plot
only_one "CPython's versions" 'PY_VERSION_HEX|PY_M[A-Z]*_VERSION' recorder
only_one "/proc" '"/proc/' format recorder

prints='(v?d?printf|puts|putchar|perror)[ ]*\(|std(out|err)\>'
writes='(v?fprintf|fputs|f?putc|fwrite)[ ]*\('
exits='(_?exit|_Exit|quick_exit|abort)[ ]*\('
never "format/ never prints" 'format/.*' "$prints|$writes"
never "format/ never exits" 'format/.*' "$exits"
never "format/ never reads the environment" 'format/.*' \
    '(secure_)?getenv[ ]*\(|environ\>'

# pmt.c and family.c are the program around the commands.
algorithms=
for file in analyse/*.c; do
    case ${file#analyse/} in
    cmd-*.c | family.c | pmt.c) ;;
    *) algorithms+="$file|" ;;
    esac
done
if [[ -n $algorithms ]]; then
    # What renders a result writes to the FILE that its command hands it.
    never "algorithms never print" "${algorithms%|}" "$prints"
    never "algorithms never exit" "${algorithms%|}" "$exits"
fi
never "options are parsed in analyse/cli/" \
    '(format|recorder|plot|dtrace)/.*|analyse/[^/]*' 'getopt(_long)?\>'

exit $failed
