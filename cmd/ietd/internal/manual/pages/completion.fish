{{- /*
SPDX-FileCopyrightText: 2026 The ietring authors
SPDX-License-Identifier: Apache-2.0
*/ -}}
# Completion of ietd and ietadm for fish; ietd --print-completion fish wrote it.

function __ietd_tids
    ietadm --op show --volume 2>/dev/null | string replace -rf '^tid:(\d+) name:(.*)$' '$1\t$2'
end

function __ietd_targets
    ietadm --op show --volume 2>/dev/null | string replace -rf '^tid:\d+ name:' ''
end

function __ietd_keys
    printf '%s\n' {{fishParams .Keys}}
end

# The last of KEY=VALUE,KEY=VALUE is completed; files are named after Path=.
function __ietd_params
    set -l token (commandline -ct | string replace -r '^--params=' '')
    set -l before (string replace -rf '[^,]*$' '' -- $token)
    set -l last (string replace -r '^.*,' '' -- $token)
    if string match -qr '^Path=' -- $last
        printf '%s\n' "$before"Path=(__fish_complete_path (string replace Path= '' -- $last) | string replace -r '\t.*' '')
        return
    end
    for param in {{fishParams .Params}}
        echo "$before$param"
    end
end

complete -c ietd -e
complete -c ietadm -e
complete -c ietd -f
complete -c ietadm -f
complete -c ietd -n __fish_use_subcommand -a adm -d 'the command line of ietadm'
complete -c ietadm -n __fish_use_subcommand -a 'reload dump'
{{fishFlags .Ietd false "ietd" "not __fish_seen_subcommand_from adm"}}
{{fishFlags .Ietadm true "ietd" "__fish_seen_subcommand_from adm"}}
{{fishFlags .Ietadm true "ietadm" "true"}}
