# fish completion for supctl

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
