o_act_in /etc/postfix /etc/postfix/orchestra /etc/postfix/orchestra/.building
o_begin run postfix-domains 1 60 '«secret:output-token»'
o_reload reload.postfix $'. \'/etc/postfix/orchestra/library.sh\'; reload' all
o_reload reload.postfix $'. \'/etc/postfix/orchestra/library.sh\'; reload'
o_follows
o_op prepare prepare
o_place /etc/postfix/orchestra 755 -
o_place /etc/postfix/orchestra/.building 755 -
o_own shared '' /etc/postfix/orchestra/library.sh /etc/postfix/orchestra/domains.db /etc/postfix/orchestra/domains
o_mark_shared
o_op prepare prepare
o_directory /etc/postfix/orchestra 755 -
o_directory /etc/postfix/orchestra/.building 755 -
o_settle
o_op prepare prepare
o_file /etc/postfix/orchestra/library.sh $'# Written by Orchestra. shellcheck shell=bash
directory=/etc/postfix/orchestra building=/etc/postfix/orchestra/.building

# place_of TYPE NAME: sets where a database is made of the very text, and where it is when it is whole.
place_of() {
  local extension=db
  [[ $1 != lmdb ]] || extension=lmdb
  source=$building/$2 built=$building/$2.$extension ready=$building/$2.ready.$extension live=$directory/$2.$extension
}

# build TYPE NAME: a line that is no entry, or an address that is there twice, is a mere warning to postmap. Of other things, such as
# a machine without IPv6, it warns too.
build() {
  local source built ready live said
  place_of "$@"
  rm -f -- "$built" "$ready"
  ln -f -- "$directory/$2" "$source"
  if ! said=$(postmap "$1:$source" 2>&1) || grep -qF -- "$source" <<<"$said"; then
    printf \'%s\\n\' "$said" >&2
    return 1
  fi
  # What stands already is not on trial: an older version may have written it.
  if [[ ${checked[*]-} ]]; then
    said=$("rules_of_$2" "$source" | head -n 20)
    [[ ! $said ]] || { printf \'%s\\n\' "$said" >&2; return 1; }
  fi
  mv -f -- "$built" "$ready"
}

# publish TYPE NAME
publish() {
  local source built ready live
  place_of "$@"
  [[ $source -ef $directory/$2 && $ready -nt $directory/$2 ]] || build "$@"
  mv -f -- "$ready" "$live"
}

# is_published TYPE NAME
is_published() {
  local source built ready live
  place_of "$@"
  [[ $live -nt $directory/$2 ]]
}

# What Postfix would take without a word, and never do.
rules_of_domains() {
  domains_of "$1" | relayed | told \'is in relay_domains, or a domain above it: its mail would not be passed on any more\'
  domains_of "$1" | in_lists mydestination | told \'is in mydestination: its mail is the own mail of this host\'
  domains_of "$1" | in_lists virtual_alias_domains | told \'is in virtual_alias_domains, which come first: its mailboxes would get nothing\'
}

rules_of_mailboxes() {
  domains_of "$1" | in_lists mydestination virtual_alias_domains | told \'is in mydestination or virtual_alias_domains: its mailboxes would get nothing\'
  domains_of "$1" | not_in_lists virtual_mailbox_domains | told \'is not in virtual_mailbox_domains: its mailboxes would get nothing\'
}

# An alias is looked up for all mail that passes, wherever it goes.
rules_of_aliases() {
  domains_of "$1" | in_lists mydestination | told \'is in mydestination: the alias would take the own mail of this host\'
  domains_of "$1" | not_in_lists virtual_mailbox_domains virtual_alias_domains relay_domains |
    told \'is no domain whose mail this server takes: the alias would take mail that only passes\'
  awk \'
    function expand(address) {
      if (address in to) return to[address]
      return to[substr(address, index(address, "@"))]
    }
    function visit(address, depth,    list, count, k, words) {
      state[address] = 1
      list = tolower(expand(address))
      count = split(list, words)
      for (k = 1; k <= count; k++) if (words[k] == address) count = 0
      for (k = 1; k <= count; k++) {
        if (state[words[k]] == 1 || depth > 990) { print address " leads to " words[k] " and back: Postfix would take no mail for them"; continue }
        if (!state[words[k]]) visit(words[k], depth + 1)
      }
      state[address] = 2
    }
    /^#/ { next }
    { from = $1; $1 = ""; gsub(/,/, " "); to[from] = $0; order[++entries] = from }
    END {
      for (n = 1; n <= entries; n++) {
        if (substr(order[n], 1, 1) != "@") { if (!state[order[n]]) visit(order[n], 1); continue }
        count = split(tolower(to[order[n]]), starts)
        for (s = 1; s <= count; s++) if (!state[starts[s]]) visit(starts[s], 1)
      }
    }\' "$1"
}

rules_of_addresses() { :; }

# told TEXT: what is read, each with the reason.
told() {
  local name
  while read -r name; do printf \'%s %s\\n\' "$name" "$1"; done
}

# domains_of FILE: of the left sides, once each.
domains_of() {
  awk \'!/^#/ { sub(/.*@/, "", $1); if (!seen[$1]++) print $1 }\' "$1"
}

# in_lists PARAMETER...: those of the domains that are read that one of the lists of domains has.
in_lists() {
  local domains parameter item items
  domains=$(cat)
  for parameter; do
    read -rd \'\' -a items < <(postconf -xh "$parameter" 2>/dev/null | tr \',\' \' \') || :
    for item in "${items[@]}"; do members "$item" <<<"$domains"; done
  done | sort -u
}

# relayed: those of the domains that are read whose mail is passed on. A domain in that list stands for those below it too, unless
# main.cf says otherwise.
relayed() {
  local domains above
  domains=$(cat)
  if [[ " $(postconf -xh parent_domain_matches_subdomains | tr \',\\n\' \' \') " != *\' relay_domains \'* ]]; then
    in_lists relay_domains <<<"$domains"
    return
  fi
  above=$(awk \'{ for (;;) { if (!seen[$0]++) print; if (!sub(/^[^.]*[.]/, "")) next } }\' <<<"$domains" | in_lists relay_domains)
  awk -v all="$above" \'
    BEGIN { count = split(all, names, "\\n"); for (k = 1; k <= count; k++) listed[tolower(names[k])] = 1 }
    { name = $0; do if (name in listed) { print; next } while (sub(/^[^.]*[.]/, "", name)) }\' <<<"$domains"
}

not_in_lists() {
  local domains
  domains=$(cat)
  [[ $domains ]] || return 0
  comm -23 <(sort -u <<<"$domains") <(in_lists "$@" <<<"$domains")
}

# members ITEM: those of the domains that are read that an item of a list stands for.
members() {
  case $1 in
    !*) cat >/dev/null ;;
    /*)
      local domains word
      domains=$(cat)
      while read -r word _; do
        [[ ! $word || $word == \'#\'* ]] || members "$word" <<<"$domains"
      done <"$1"
      ;;
    *:*) postmap -q - "$1" 2>/dev/null | cut -f1 || : ;;
    .*) grep -iF -- "$1" || : ;;
    *) grep -ixF -- "$1" || : ;;
  esac
}

# items_of PARAMETER: what main.cf says of a list, one space between.
items_of() {
  local items
  read -rd \'\' -a items < <(postconf -nh "$1" 2>/dev/null | tr \',\' \' \') || :
  printf \'%s\' "${items[*]}"
}

# listed PARAMETER TYPE NAME...: the list with those of our maps that are there behind all that others have in it.
listed() {
  local type=$2 list any name source built ready live
  list=" $(items_of "$1") "
  shift 2
  for name; do
    for any in hash lmdb; do list=${list//" $any:$directory/$name "/ }; done
  done
  for name; do
    place_of "$type" "$name"
    [[ ! -e $live ]] || list+="$type:$directory/$name "
  done
  list=${list# }
  printf \'%s\' "${list% }"
}

# reload: systemd does not tell whether Postfix could follow.
reload() {
  systemctl reload-or-restart postfix
  postfix status >/dev/null 2>&1 && return
  echo \'Postfix does not run after the reload, and says:\' >&2
  { postfix check || journalctl --quiet --unit \'postfix*\' --lines 5 --output cat; } >&2 || :
  return 1
}
' 022 644 -
o_settle
o_prepared
o_op 0 sync reload.postfix
o_file /etc/postfix/orchestra/domains '# Written by Orchestra; changes made here are overwritten.
mail.example OK
mail.example.net OK
' 022 644 - $'. \'/etc/postfix/orchestra/library.sh\'; build \'hash\' \'domains\''
o_settle
o_op 0 sync reload.postfix
o_unless $'. \'/etc/postfix/orchestra/library.sh\'; is_published \'hash\' \'domains\''
o_run $'. \'/etc/postfix/orchestra/library.sh\'; publish \'hash\' \'domains\''
o_results 0
o_op commit commit
o_unless $'. \'/etc/postfix/orchestra/library.sh\'; list=$(listed \'virtual_mailbox_domains\' \'hash\' \'domains\'); [[ "$(items_of \'virtual_mailbox_domains\')" == "$list" ]]'
o_run $'. \'/etc/postfix/orchestra/library.sh\'; list=$(listed \'virtual_mailbox_domains\' \'hash\' \'domains\'); postconf -e \'virtual_mailbox_domains\'="$list"; postfix check'
o_results commit
o_end
# end run
