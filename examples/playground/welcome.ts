import type { Paint } from './describe.ts'
import type { Ready } from './ready-file.ts'

/** What to try, once everything runs. */
export function welcome(
  { psqlUrl, api, panel, servers }: Ready,
  milliseconds: number,
  paint: Paint,
): string[] {
  const [first] = servers
  const port = new URL(first?.url ?? 'http://localhost').port
  const insert = `insert into site (domain, title, body, plan) values ('hello.example', 'Hello', 'My first site', 'pro')`
  return [
    '',
    paint('strong', `The playground is ready after ${(milliseconds / 1000).toFixed(1)} s.`),
    '',
    `Database   ${psqlUrl}`,
    `Panel      ${panel}   the application, with buttons for what goes wrong`,
    ...servers.map(({ name, url, sshPort }) => `${name.padEnd(10)} ${url}   SSH on port ${sshPort}`),
    '',
    'Plan free puts a site on north, pro on north and south, business on all three.',
    'Commit a site, in the panel or from any program:',
    `  psql '${psqlUrl}' -c "${insert}"`,
    'See it:',
    `  curl -H 'Host: hello.example' http://127.0.0.1:${port}/`,
    `  or in a browser: http://hello.example.localhost:${port}/`,
    'Then change it, give it another domain, delete it; or make it fail:',
    `  psql '${psqlUrl}' -c "update site set domain = '../etc' where domain = 'hello.example'"`,
    'Ask Orchestra:',
    '  npx orchestra --config examples/playground/orchestra.config.ts status',
    ...(api === null ? [] : waysIn(api)),
    '',
    paint('quiet', 'What happens shows here. Ctrl-C ends everything; the data stays.'),
    '',
  ]
}

/** A link is good once, and for a while: then another is made. */
function waysIn({ url, page }: NonNullable<Ready['api']>): string[] {
  const orchestra = 'npx orchestra --config examples/playground/orchestra.config.ts'
  const isGoodOnce = page.includes('#link=')
  return [
    `Or over HTTP; come in by a browser${isGoodOnce ? ', once, within 15 minutes' : ''}:`,
    `  ${page}`,
    ...(isGoodOnce ? [] : [`  another link: ${orchestra} user link admin --url ${page}`]),
    'or by a token:',
    `  curl -H "Authorization: Bearer $(${orchestra} token add me --role admin)" ${url}/status`,
  ]
}
