/* completion.h: shell completion scripts, from the tables in options.h. */
#ifndef PMT_CLI_COMPLETION_H
#define PMT_CLI_COMPLETION_H

#include <stdio.h>

#include "options.h"

/* `commands` ends with NULL. The bash script completes `pmt …` and
 * `pmt-NAME …`; so does the zsh one, to be installed as _pmt in $fpath. */
void pmt_completion_bash(const struct pmt_command *const *commands, FILE *file);
void pmt_completion_zsh(const struct pmt_command *const *commands, FILE *file);

#endif
