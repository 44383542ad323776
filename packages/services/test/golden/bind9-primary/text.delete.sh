o_act_in /etc/bind /var/cache/bind /etc/bind/orchestra /var/cache/bind/orchestra
o_begin run bind9-primary 1 60 '«secret:output-token»'
o_reload reload.named $'. \'/etc/bind/orchestra/library.sh\'; reload'
o_follows
o_lists $'shopt -s nullglob
for file in \'/etc/bind/orchestra\'/*.conf; do
  file=${file##*/}
  if [[ $(<\'/etc/bind/orchestra\'/"$file") == *\'type primary;\'* ]]; then printf \'%s\\n\' "${file%.conf}"; fi
done'
o_op prepare prepare
o_place /etc/bind/orchestra - -
o_place /var/cache/bind/orchestra - bind:bind
o_own shared '' /etc/bind/orchestra.conf /etc/bind/orchestra/library.sh
o_mark_shared
o_op prepare prepare
o_directory /etc/bind/orchestra - -
o_directory /var/cache/bind/orchestra - bind:bind
o_settle
o_op prepare prepare
o_file /etc/bind/orchestra/library.sh $'# Written by Orchestra. shellcheck shell=bash
directory=/etc/bind/orchestra list=/etc/bind/orchestra.conf

# serial_of FILE: sets `serial` to the number in a zone file, 0 without one.
serial_of() {
  serial=0
  [[ -e $1 ]] || return 0
  local text=$(<"$1")
  text=${text#*\'(\'}
  read -r serial _ <<<"$text"
}

# is_newer ONE OTHER: whether secondaries that have the other serial take the first (RFC 1982).
is_newer() {
  local ahead=$((($1 - $2) & 0xffffffff))
  ((ahead > 0 && ahead < 0x80000000))
}

# next_serial FILE ZONE ADDRESS...: sets `serial`. A zone that is new here, or new under this name, may have been elsewhere, where most
# count by dates, or have had the name of another: nobody who had the name sees its serial go back.
next_serial() {
  local now seen had
  printf -v now \'%(%s)T\' -1
  serial_of "$1"
  had=$serial
  if ((!had)); then
    printf -v serial \'%(%Y%m%d)T00\' -1
  elif is_newer "$now" "$serial"; then
    serial=$now
  else
    serial=$(((serial + 1) & 0xffffffff))
  fi
  if ((!had)) || [[ ! -e $directory/$2.conf ]]; then
    for seen in $(ask_serials "${@:2}"); do
      if ! is_newer "$serial" "$seen"; then serial=$(((seen + 1) & 0xffffffff)); fi
    done
  fi
  # Some take 0 for none.
  ((serial)) || serial=1
}

# ask_serials ZONE ADDRESS...: what this server and those addresses have of a zone. Who does not answer is not asked for a while.
ask_serials() {
  local zone=$1 address now since answer type
  command -v dig >/dev/null || return 0
  printf -v now \'%(%s)T\' -1
  for address in 127.0.0.1 "${@:2}"; do
    if [[ -e $directory/silent-$address ]] && read -r since <"$directory/silent-$address" && ((now - since < 60)); then continue; fi
    if [[ ${told-} && $address == 127.0.0.1 ]]; then
      answer=$(grep \'^[^;]\' <<<"$told") || answer=\'\'
    elif ! answer=$(dig +noall +answer +norecurse +time=1 +tries=1 "@$address" "$zone" SOA); then
      printf \'%s\\n\' "$now" >"$directory/silent-$address"
      continue
    fi
    read -r _ _ _ type _ _ answer _ <<<"$answer" || :
    [[ ${type-} != SOA ]] || printf \'%s\\n\' "$answer"
  done
}

# apart ZONE: a name of a zone that is here belongs to whoever has that zone, unless it gives it away by an NS record: named would
# answer from the zone below it without a word. Sets `told` to what named says of the name.
apart() {
  local above=$1 authoritative=\'flags:[^;]* aa\' type person
  told=\'\'
  [[ ! -e $directory/$1.conf ]] || return 0
  while [[ $above == *.* ]]; do
    above=${above#*.}
    [[ -e $directory/$above.zone ]] || continue
    gives_away "$above" "${1%".$above"}" || shared_name "$1" "$above"
    return
  done
  command -v dig >/dev/null || return 0
  told=$(dig +norecurse +time=1 +tries=1 +noall +comments +answer +authority @127.0.0.1 "$1" SOA) || { told=\'\'; return 0; }
  [[ $told =~ $authoritative ]] || return 0
  read -r above _ _ type _ person _ < <(grep \'^[^;]\' <<<"$told") || return 0
  # Nobody answers for the zones that named makes of addresses by itself.
  [[ $type != SOA || $person == . || ${above%.} == "$1" ]] || shared_name "$1" "${above%.}"
}

# shared_name ZONE ABOVE
shared_name() {
  echo "$1 is a name of the zone $2, which is on this server and does not give it away: add an NS record for $1 there" >&2
  return 1
}

# gives_away ZONE NAME: the zone has NS records for the name, relative to it, or for one above that.
gives_away() {
  awk -v name=".$2" \'
    { owner = "." tolower($1); type = $2 == "IN" ? $3 : $4 }
    type == "NS" && substr(name, length(name) - length(owner) + 1) == owner { found = 1 }
    END { exit !found }\' "$directory/$1.source"
}

# is_published ZONE: the zone file is of this source, and named has not refused it.
is_published() {
  local target=$directory/$1.zone source
  serial_of "$target"
  source=$(<"$directory/$1.source")
  [[ ! -e $directory/$1.refused && $(<"$target") == "${source/\'@SERIAL@\'/$serial}" ]]
}

# publish ZONE ADDRESS...: puts a zone together beside, and into its place when it is right. What other servers say of names
# elsewhere is not asked: it takes seconds, and is none of this zone\'s.
publish() {
  local target=$directory/$1.zone source report
  apart "$1"
  next_serial "$target" "$@"
  source=$(<"$directory/$1.source")
  printf \'%s\\n\' "${source/\'@SERIAL@\'/$serial}" >"$target.new"
  if ! report=$(named-checkzone -i local -k fail -m fail -M fail -n fail -S fail -- "$1" "$target.new") || [[ $report == *\'TTL set to prior TTL\'* ]]; then
    printf \'%s\\n\' "$report" >&2
    rm -f -- "$target.new"
    return 1
  fi
  mv -T -- "$target.new" "$target"
  [[ ! -e $directory/$1.refused ]] || retry_refused "$1"
}

# retry_refused ZONE: named took others and not this one. It is told alone, so that it alone fails.
retry_refused() {
  rndc reload "$1" >/dev/null 2>&1 || :
  if is_served_soon "$1"; then rm -f -- "$directory/$1.refused"; return; fi
  refuse "$1"
  return 1
}

# refuse ZONE
refuse() {
  : >"$directory/$1.refused"
  echo "named does not serve $1 as it was written, and says:" >&2
  journalctl --quiet --unit named --lines 200 --output cat 2>/dev/null | grep -F -- "zone $1/" | tail -n 3 >&2 || :
}

# is_served ZONE: named has the serial of its file.
is_served() {
  local status
  status=$(rndc zonestatus "$1" 2>/dev/null) || return 1
  serial_of "$directory/$1.zone"
  [[ $\'\\n\'$status$\'\\n\' == *$\'\\n\'"serial: $serial"$\'\\n\'* ]]
}

# is_served_soon ZONE: named loads after it has answered. All zones that are asked for have one patience together.
is_served_soon() {
  [[ ${deadline-} ]] || deadline=$((SECONDS + 10))
  until is_served "$1"; do
    ((SECONDS < deadline)) || return 1
    read -rt 0.2 <> <(:) || :
  done
}

# unserved: zones that changed since named was last seen to serve all, and that it does not serve. One question for all first:
# most are answered by it.
unserved() {
  local file zone serial
  local -A has=()
  while read -r zone _ _ _ _ _ serial _; do
    [[ ! $serial ]] || has[${zone%.}]=$serial
  done < <(changed_zones | ask_all)
  while read -r zone; do
    serial_of "$directory/$zone.zone"
    [[ ${has[$zone]-} == "$serial" ]] || printf \'%s\\n\' "$zone"
  done < <(changed_zones)
}

changed_zones() {
  local file zone
  while IFS= read -r -d \'\' file; do
    zone=${file##*/} zone=${zone%.zone}
    # A refused zone is its own object\'s business from then on.
    [[ ! -e $directory/$zone.conf || -e $directory/$zone.refused ]] || printf \'%s\\n\' "$zone"
  done < <(find "$directory" -maxdepth 1 -name \'*.zone\' -newer "$directory/served" -print0)
}

ask_all() {
  dig +norecurse +time=1 +tries=1 @127.0.0.1 . SOA >/dev/null 2>&1 || return 0
  sed \'s/^.*$/+noall +answer +norecurse +time=1 +tries=1 @127.0.0.1 & SOA/\' | dig -f - 2>/dev/null || :
}

# write_list: named\'s include knows no wildcard that opens one file after the other.
write_list() {
  list_zones >"$list.new"
  mv -T -- "$list.new" "$list"
}

list_zones() (
  shopt -s nullglob
  for stanza in "$directory"/*.conf; do printf \'include "%s";\\n\' "$stanza"; done
)

# check: the whole configuration, as named would start with it. The list goes back when it is wrong.
check() {
  cp -p -T -- "$list" "$list.old"
  write_list
  if named-checkconf; then rm -f -- "$list.old"; return; fi
  mv -T -- "$list.old" "$list"
  return 1
}

# reload: named reads its list again, and the zones whose files are newer; its status says nothing of what it loaded.
reload() {
  : >"$directory/served.new"
  if systemctl is-active --quiet named; then rndc reload; else systemctl start named; fi
  local zone status=0
  for zone in $(unserved); do
    is_served_soon "$zone" || { refuse "$zone"; status=1; }
  done
  mv -T -- "$directory/served.new" "$directory/served"
  return "$status"
}
' 022 644 -
o_settle
o_op prepare prepare
o_unless $'[[ -e \'/etc/bind/orchestra/served\' ]]'
o_run $': >>\'/etc/bind/orchestra/served\''
o_unless $'[[ -e \'/etc/bind/orchestra.conf\' ]]'
o_run $': >>\'/etc/bind/orchestra.conf\''
o_unless $'[[ $\'\\n\'$(<\'/etc/bind/named.conf.local\')$\'\\n\' == *$\'\\n\'\'include "/etc/bind/orchestra.conf";\'$\'\\n\'* ]]'
o_run $'printf \'\\n%s\\n\' \'include "/etc/bind/orchestra.conf";\' >>\'/etc/bind/named.conf.local\''
o_prepared
o_for 0
o_give_up 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/bind/orchestra/kit.example.net.source /etc/bind/orchestra/kit.example.net.conf /etc/bind/orchestra/kit.example.net.zone /etc/bind/orchestra/kit.example.net.refused
o_disown 41da40f6a2e496067ea120d505fba0d98677f87d
o_mark_all
o_op 0 delete reload.named
o_absent /etc/bind/orchestra/kit.example.net.conf
o_absent /etc/bind/orchestra/kit.example.net.zone
o_absent /etc/bind/orchestra/kit.example.net.source
o_absent /etc/bind/orchestra/kit.example.net.refused
o_settle
o_results 0
o_op commit commit
o_unless $'. \'/etc/bind/orchestra/library.sh\'; [[ $(<\'/etc/bind/orchestra.conf\') == "$(list_zones)" ]]'
o_run $'. \'/etc/bind/orchestra/library.sh\'; write_list'
o_results commit
o_end
# end run
