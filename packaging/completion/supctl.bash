# bash completion for supctl                                   -*- shell-script -*-

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
