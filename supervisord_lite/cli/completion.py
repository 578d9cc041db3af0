"""Shell completion: the scripts for bash, zsh and fish, and the answers that they ask `supctl` for.

A script calls `_SUPCTL_COMPLETE=1 supctl WORD... INCOMPLETE`; the answer is a line for each candidate, of
three fields with tabs between: "plain", "file" or "dir"; the candidate; its description.
"""

from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import ShellComplete

from supervisord_lite.cli.session import Session

BASH = r"""# bash completion for supctl                                   -*- shell-script -*-

_supctl() {
    local -a words
    # Not COMP_WORDS: it is split at the colon of "web:2" too.
    read -r -a words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    local current=${words[-1]} kind value help keep=""
    # readline replaces only what follows the last colon, where the colon separates words.
    [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && keep=${current%:*}:
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) COMPREPLY+=("${value#"$keep"}") ;;
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
        esac
    done < <(_SUPCTL_COMPLETE=1 "${words[0]}" "${words[@]:1}" 2>/dev/null)
} && complete -o nosort -F _supctl supctl
"""

ZSH = r"""#compdef supctl

_supctl() {
    local -a described
    local kind value help
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            plain) described+=("${value//:/\\:}${help:+:$help}") ;;
            file) _files ;;
            dir) _files -/ ;;
        esac
    done < <(_SUPCTL_COMPLETE=1 "${words[1]}" "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( $#described )) && _describe -V supctl described
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _supctl "$@"
else
    compdef _supctl supctl
fi
"""

FISH = r"""# fish completion for supctl

function __supctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    env _SUPCTL_COMPLETE=1 $program $words 2>/dev/null | while read -l -d \t kind value help
        switch $kind
            case plain
                printf '%s\t%s\n' $value $help
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
        end
    end
end

complete -c supctl -f -a '(__supctl_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def complete(group: click.Group, words: Sequence[str], session: Session) -> None:
    """Print the candidates for the last of `words`."""
    shell = ShellComplete(group, {"obj": session}, "supctl", "_SUPCTL_COMPLETE")
    for item in shell.get_completions(list(words[:-1]), words[-1] if words else ""):
        print(item.type, item.value, (item.help or "").replace("\n", " "), sep="\t")


def write_scripts(folder: Path) -> None:
    """Write the scripts under the names that the shells look for: what `packaging/completion/` holds."""
    for shell, name in (("bash", "supctl.bash"), ("zsh", "_supctl"), ("fish", "supctl.fish")):
        (folder / name).write_text(SCRIPTS[shell])
