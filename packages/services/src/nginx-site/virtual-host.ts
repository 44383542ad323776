import type { CheckedSite } from './site.ts'

const firstLine = '# Written by Orchestra; changes made here are overwritten.'

/** The configuration of one site, as nginx reads it. */
export function virtualHost(site: CheckedSite): string {
  const servers =
    site.certificate === undefined
      ? [server(site, ['listen 80;', 'listen [::]:80;', ...answer(site)])]
      : [
          server(site, ['listen 80;', 'listen [::]:80;', 'return 301 https://$host$request_uri;']),
          server(site, [...secureListeners(site.certificate), ...answer(site)]),
        ]
  return `${firstLine}\n${servers.join('\n')}`
}

function server({ domains }: CheckedSite, lines: readonly string[]): string {
  const all = [`server_name ${domains.join(' ')};`, ...lines]
  return `server {\n${all.map((line) => `    ${line}\n`).join('')}}\n`
}

function secureListeners({ chain, key }: NonNullable<CheckedSite['certificate']>): string[] {
  return [
    'listen 443 ssl http2;',
    'listen [::]:443 ssl http2;',
    `ssl_certificate ${chain};`,
    `ssl_certificate_key ${key};`,
  ]
}

function answer(site: CheckedSite): string[] {
  return [`client_max_body_size ${site.maxBody};`, ...source(site), ...site.directives]
}

function source({ root, upstream, redirectTo }: CheckedSite): string[] {
  if (redirectTo !== undefined) return [`return 301 ${redirectTo.replace(/\/$/, '')}$request_uri;`]
  if (upstream !== undefined) return proxy(upstream)
  return [`root ${root};`, 'index index.html;', 'location / { try_files $uri $uri/ =404; }']
}

function proxy(upstream: string): string[] {
  return [
    'location / {',
    `    proxy_pass ${upstream};`,
    '    proxy_set_header Host $host;',
    '    proxy_set_header X-Real-IP $remote_addr;',
    '    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '    proxy_set_header X-Forwarded-Proto $scheme;',
    '}',
  ]
}
