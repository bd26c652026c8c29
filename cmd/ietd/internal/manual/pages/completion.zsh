{{- /*
SPDX-FileCopyrightText: 2026 The ietring authors
SPDX-License-Identifier: Apache-2.0
*/ -}}
#compdef ietd ietadm
# Completion of ietd and ietadm for zsh; ietd --print-completion zsh wrote it.

_ietd_tids() {
  local -a ids
  ids=(${(f)"$(ietadm --op show --volume 2>/dev/null | sed -n 's/^tid:\([0-9]*\) name:\(.*\)/\1:\2/p')"})
  _describe 'target id' ids
}

_ietd_targets() {
  local -a found
  found=(${(f)"$(ietadm --op show --volume 2>/dev/null | sed -n 's/^tid:[0-9]* name://p')"})
  compadd -a found
}

_ietd_keys() {
  _values 'session key' \
{{zshParams .Keys}}
}

_ietd_params() {
  _values -s , 'parameter' \
{{zshParams .Params}}
}

_ietd_serve() {
  _arguments \
{{zshFlags .Ietd false}}
}

_ietd_adm() {
  _arguments '1::operation:(reload dump)' \
{{zshFlags .Ietadm true}}
}

_ietd() {
  if [[ $service == ietadm ]]; then
    _ietd_adm
  elif [[ $words[2] == adm ]] && (( CURRENT > 2 )); then
    shift words
    (( CURRENT-- ))
    _ietd_adm
  else
    _ietd_serve
  fi
}

_ietd "$@"
