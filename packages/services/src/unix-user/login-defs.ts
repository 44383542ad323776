import { type Command, raw, sh } from 'orchestrajs'

/** What shadow does where login.defs says nothing. */
const defaults = {
  UID_MIN: 1000,
  UID_MAX: 60_000,
  GID_MIN: 1000,
  GID_MAX: 60_000,
  SUB_UID_MIN: 100_000,
  SUB_UID_MAX: 600_100_000,
  SUB_UID_COUNT: 65_536,
  UMASK: '022',
  HOME_MODE: '',
} as const

/** Reads settings of login.defs into shell variables of the same names. */
export function loginDefs(...names: readonly (keyof typeof defaults)[]): Command {
  return sh`defs=$'\n'
if [[ -r /etc/login.defs ]]; then defs+=$(</etc/login.defs); fi
${raw(names.map(setting).join('\n'))}`
}

function setting(name: keyof typeof defaults): string {
  return `${name}=${defaults[name]}
if [[ $defs =~ $'\\n'[[:blank:]]*${name}[[:blank:]]+([0-9]+) ]]; then ${name}=\${BASH_REMATCH[1]}; fi`
}

/** Succeeds when the account is one of people: a number that login.defs gives to people, and not nobody's. */
export function isPersons(name: string): Command {
  return sh`${loginDefs('UID_MIN')}
IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid >= UID_MIN && uid != 65534))`
}

/** Succeeds when the account is there and one of the system. */
export function isSystems(name: string): Command {
  return sh`${loginDefs('UID_MIN')}
IFS=: read -r _ _ uid _ < <(getent passwd ${name}) && ((uid < UID_MIN || uid == 65534))`
}
