import { type Command, type Script, sh } from 'orchestrajs'
import { judge } from './judge.ts'

/** What all sites and maps of a server share. Nothing of nginx's own configuration includes this directory. */
const directory = '/etc/nginx/orchestra'
const checkPath = `${directory}/check.sh`

/** To be included where a server listens: a machine without IPv6 cannot listen there, and nginx would not start. */
export const listenPath = (protocol: Protocol) => `${directory}/listen-${protocol}.conf`

export type Protocol = 'http' | 'https'

const listen = { http: '80', https: '443 ssl http2' } as const

/** The same text wherever nginx reads a file of ours: the engine finds by it which one breaks the others. */
export const check: Command = sh`. ${checkPath}`

const checkProgram = `{
  for k in "\${!checked[@]}"; do printf '%s\\t%s\\n' "\${checked[k]}" "\${replaced[k]}"; done
  echo --
  nginx -T 2>&1
} | awk '${judge}
'
`

export function prepareServer(script: Script): void {
  script.directory(directory, { mode: '0755' })
  script.file(checkPath, checkProgram, { mode: '0644' })
}

export function prepareListeners(script: Script): void {
  for (const protocol of ['http', 'https'] as const) {
    const path = listenPath(protocol)
    const [plain, six] = [`listen ${listen[protocol]};`, `listen [::]:${listen[protocol]};`]
    const wanted = sh`wanted=${plain}; if { IFS= read -r _ </proc/net/if_inet6; } 2>/dev/null; then wanted+=$'\n'${six}; fi`
    script.run(sh`${wanted}; printf '%s\n' "$wanted" >${path}.new; mv -T -- ${path}.new ${path}`, {
      unless: sh`${wanted}; [[ $(<${path}) == "$wanted" ]]`,
    })
  }
  reloadServer(script)
}

/**
 * nginx takes a signal, and goes on as it was when it cannot follow it: what it says has no status. It has followed when it
 * has a process that it had not. One that was stopped reads its configuration when it starts.
 */
export function reloadServer(script: Script): void {
  script.reload('nginx', {
    command: sh`main=$(systemctl show --property MainPID --value nginx)
if ((!main)); then
  systemctl restart nginx
  exit
fi
children=/proc/$main/task/$main/children
[[ -e $children ]] || { systemctl reload nginx; exit; }
before=" $(<"$children") "
systemctl reload nginx
for ((tries = 0; tries < 100; tries++)); do
  for child in $(<"$children"); do [[ $before == *" $child "* ]] || exit 0; done
  read -rt 0.1 <> <(:) || :
done
echo 'nginx did not follow the reload and goes on as before' >&2
journalctl --quiet --unit nginx --lines 3 --output cat >&2 || :
tail -n 5 /var/log/nginx/error.log >&2
exit 1`,
  })
}
