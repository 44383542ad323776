import { listenPath, type Protocol } from '../nginx/server.ts'
import type { CheckedSite } from './site.ts'

const firstLine = '# Written by Orchestra; changes made here are overwritten.'

/** The configuration of one site, as nginx reads it. */
export function virtualHost(site: CheckedSite): string {
  const servers =
    site.certificate === undefined
      ? [server(site, [listen('http'), ...answer(site)])]
      : [
          server(site, [listen('http'), 'return 301 https://$host$request_uri;']),
          server(site, [...secureListeners(site.certificate), ...answer(site)]),
        ]
  return [firstLine, ...shared(site), servers.join('\n')].join('\n')
}

/** Read by the check. */
function shared({ shares }: CheckedSite): string[] {
  return shares.length === 0 ? [] : [`# Shares with other sites: ${shares.join(' ')}`]
}

function listen(protocol: Protocol): string {
  return `include ${listenPath(protocol)};`
}

function server({ domains }: CheckedSite, lines: readonly string[]): string {
  const all = [`server_name ${domains.join(' ')};`, ...lines]
  return `server {\n${all.map((line) => `    ${line}\n`).join('')}}\n`
}

function secureListeners({ chain, key }: NonNullable<CheckedSite['certificate']>): string[] {
  return [listen('https'), `ssl_certificate ${chain};`, `ssl_certificate_key ${key};`]
}

function answer(site: CheckedSite): string[] {
  return [`client_max_body_size ${site.maxBody};`, ...source(site), ...site.directives]
}

function source({ root, owner, links, upstream, redirectTo }: CheckedSite): string[] {
  if (redirectTo !== undefined) return [`return 301 ${redirectTo.replace(/\/$/, '')}$request_uri;`]
  if (upstream !== undefined) return proxy(upstream)
  // nginx may read what a customer may not: a link in the customer's root would show the files of a neighbour.
  const ownLinks = owner !== undefined && links === 'owners'
  return [
    `root ${root};`,
    ...(ownLinks ? ['disable_symlinks if_not_owner from=$document_root;'] : []),
    'index index.html;',
    'location / { try_files $uri $uri/ =404; }',
  ]
}

function proxy(upstream: string): string[] {
  return [
    'location / {',
    `    proxy_pass ${upstream};`,
    // Else an application that shares its address with others would be taken for one of them.
    ...(upstream.startsWith('https:') ? ['    proxy_ssl_server_name on;'] : []),
    '    proxy_set_header Host $host;',
    '    proxy_set_header X-Real-IP $remote_addr;',
    '    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '    proxy_set_header X-Forwarded-Proto $scheme;',
    '}',
  ]
}
