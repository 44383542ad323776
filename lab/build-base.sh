#!/usr/bin/env bash
# Builds the base that every host of the lab is an overlay of.
#
#   build-base.sh BASE MIRROR SUITE COMPONENTS PACKAGES [KEYRING]
#
# Runs under a lock. The base gets its name only when it is complete, so whatever is found under the working
# name while the lock is held was left behind by a build that died.
set -euo pipefail

base=$1 mirror=$2 suite=$3 components=$4 packages=$5 keyring=${6:-}
cache=$(dirname "$base")
building=$cache/building

if [[ -d $base ]]; then
  exit 0
fi

remove_building() {
  if [[ -d $building ]]; then
    umount --quiet --recursive "$building/proc" "$building/sys" || true
    rm -rf --one-file-system "$building"
  fi
}

inside() {
  chroot "$building" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

install_system() {
  mkdir -p "$cache/packages"
  debootstrap --variant=minbase --cache-dir="$cache/packages" --components="$components" \
    ${keyring:+--keyring="$keyring"} --include="$packages" "$suite" "$building" "$mirror"
}

# What runs on a host is the test's decision, and nothing may wake up by itself in the middle of a measurement.
quieten() {
  inside systemctl --quiet disable nginx.service named.service cron.service postfix.service mariadb.service
  inside systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-networkd-wait-online.service
  inside systemctl --quiet enable systemd-networkd.service
}

# Each host makes its own keys and its own id at its first start.
forget_identity() {
  rm -f "$building"/etc/ssh/ssh_host_*_key "$building"/etc/ssh/ssh_host_*_key.pub
  : >"$building/etc/machine-id"
  rm -f "$building/etc/hostname" "$building/etc/resolv.conf"
}

# A login as most servers have it: not root, with sudo.
add_login() {
  inside useradd --create-home --shell /bin/bash deploy
  echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$building/etc/sudoers.d/deploy"
  chmod 0440 "$building/etc/sudoers.d/deploy"
}

remove_building
install_system
quieten
forget_identity
add_login
rm -rf "$building"/var/cache/apt/archives/*.deb "$building"/var/lib/apt/lists/*
mv "$building" "$base"
