{{- /*
SPDX-FileCopyrightText: 2026 The ietring authors
SPDX-License-Identifier: Apache-2.0
*/ -}}
# Completion of ietd and ietadm for bash; ietd --print-completion bash wrote it.

_ietd_tids() {
    compgen -W "$(ietadm --op show --volume 2>/dev/null | sed -n 's/^tid:\([0-9]*\) .*/\1/p')" -- "$1"
}

_ietd_targets() {
    compgen -W "$(ietadm --op show --volume 2>/dev/null | sed -n 's/^tid:[0-9]* name://p')" -- "$1"
}

# _ietd_after puts what was typed before each line that it reads.
_ietd_after() {
    local line
    while IFS= read -r line; do printf '%s\n' "$1$line"; done
}

_ietd_keys() {
    if [[ $1 == *=* ]]; then
        _ietd_value "${1%%=*}" "${1#*=}" | _ietd_after "${1%%=*}="
    else
        compgen -W {{single (names .Keys)}} -- "$1"
    fi
}

# _ietd_params completes the last of KEY=VALUE,KEY=VALUE.
_ietd_params() {
    local last=${1##*,}
    local before=${1%"$last"}
    if [[ $last == *=* ]]; then
        _ietd_value "${last%%=*}" "${last#*=}" | _ietd_after "$before${last%%=*}="
    else
        compgen -W {{single (names .Params)}} -- "$last" | _ietd_after "$before"
    fi
}

_ietd_value() {
    local value=$2
    case $1 in
{{bashParams .Params}}
    esac
}

_ietd_flag_value() {
    local value=$2
    case $1 in
{{bashCases .Ietd false}}
    esac
}

_ietd_adm_flag_value() {
    local value=$2
    case $1 in
{{bashCases .Ietadm true}}
    esac
}

# Words are cut at blanks only: bash would cut --op=show and iqn names apart.
_ietd() {
    local line=${COMP_LINE:0:COMP_POINT} words word flag='' prefix='' adm='' cut
    read -ra words <<<"$line"
    [[ ${words[0]##*/} == ietadm || ${words[1]-} == adm && $line == *adm[[:space:]]* ]] && adm=_adm
    word=${line##*[[:space:]]}
    [[ -n $word ]] && unset 'words[-1]'
    if [[ $word == --*=* ]]; then
        flag=${word%%=*} prefix=${word%%=*}= word=${word#*=}
    elif ((${#words[@]} > 1)); then
        flag=${words[-1]}
    fi
    mapfile -t COMPREPLY < <("_ietd${adm}_flag_value" "$flag" "$word")
    if ((${#COMPREPLY[@]} == 0)) && [[ -z $prefix ]]; then
        if [[ -n $adm ]]; then
            mapfile -t COMPREPLY < <(compgen -W {{bashNames .Ietadm}} -- "$word")
        else
            mapfile -t COMPREPLY < <(compgen -W {{bashNames .Ietd}} -- "$word")
        fi
    fi
    # Readline replaces what follows the last = or : only.
    cut=${word%"${word##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    [[ ${COMPREPLY[*]-} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _ietd ietd ietadm
