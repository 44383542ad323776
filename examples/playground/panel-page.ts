import { plans } from './application.ts'
import { escapeHtml } from './page.ts'
import type { RunningServer } from './servers.ts'

export interface Site {
  id: number
  domain: string
  title: string
  plan: string
}

export interface PanelView {
  sites: readonly Site[]
  servers: readonly RunningServer[]
  /** Where Orchestra's console is; null where it is not offered. */
  console: string | null
  /** What became of the last button. */
  said: { tone: 'good' | 'bad'; text: string } | null
}

const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid #8886; vertical-align: middle }
input, select, button { font: inherit; padding: 0.2rem 0.5rem; max-width: 100% }
form { display: inline }
[role=status] { border-inline-start: 4px solid; padding: 0.3rem 0.8rem }
.bad { color: light-dark(#a4161a, #ff9b9b) }
.good { color: light-dark(#0b6b3a, #7fe0a8) }
.small { opacity: 0.8; font-size: 0.9em }
`

/** The page of the application; it has no script. */
export function panelPage({ sites, servers, console, said }: PanelView): string {
  const link = console === null ? 'the terminal' : `<a href="${escapeHtml(console)}">Orchestra's console</a>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The panel</title>
<style>${STYLE}</style>
</head>
<body>
<h1>The panel</h1>
<p>A small hosting application with tables of its own, which knows nothing of servers. A button commits to its database, or does
what happens to servers at night; ${link} shows what Orchestra makes of it.</p>
${said === null ? '' : `<p role="status" class="${said.tone}">${escapeHtml(said.text)}</p>`}
<h2>Sites</h2>
<p class="small">Plan free puts a site on north, pro on north and south, business on all three.</p>
<table>
<thead><tr><th>Domain</th><th>Title</th><th>Plan</th><th></th></tr></thead>
<tbody>
${sites.map(siteRow).join('\n')}
${newSiteRow()}
</tbody>
</table>
<p><form method="post"><button name="act" value="fail">Add a site that fails</button></form>
<form method="post"><button name="act" value="restore">Restore rows with triggers off</button></form></p>
<h2>Servers</h2>
<table>
<thead><tr><th>Server</th><th>State</th><th></th></tr></thead>
<tbody>
${servers.map(serverRow).join('\n')}
</tbody>
</table>
</body>
</html>
`
}

function siteRow({ id, domain, title, plan }: Site): string {
  const form = `site-${id}`
  return `<tr><td>${field(form, 'domain', domain, `Domain of site ${id}`)}</td><td>${field(form, 'title', title, `Title of site ${id}`)}</td>
<td>${planField(form, plan)}</td><td><form method="post" id="${form}"><input type="hidden" name="id" value="${id}">
<button name="act" value="save">Save</button> <button name="act" value="delete">Delete</button></form></td></tr>`
}

function newSiteRow(): string {
  const form = 'new-site'
  return `<tr><td>${field(form, 'domain', '', 'Domain of a new site')}</td><td>${field(form, 'title', '', 'Title of a new site')}</td>
<td>${planField(form, 'pro')}</td><td><form method="post" id="${form}"><button name="act" value="add">Add</button></form></td></tr>`
}

function field(form: string, name: string, value: string, label: string): string {
  return `<input form="${form}" name="${name}" value="${escapeHtml(value)}" aria-label="${escapeHtml(label)}">`
}

function planField(form: string, plan: string): string {
  const options = plans.map((one) => `<option${one === plan ? ' selected' : ''}>${one}</option>`)
  return `<select form="${form}" name="plan" aria-label="Plan">${options.join('')}</select>`
}

function serverRow({ name, web, sandbox }: RunningServer): string {
  const power = sandbox.isOn ? ['off', 'Pull the plug'] : ['on', 'Plug it in']
  return `<tr><td><a href="${escapeHtml(web.url)}">${name}</a></td><td>${sandbox.isOn ? 'on' : 'off'}</td><td><form method="post">
<input type="hidden" name="server" value="${name}"><button name="act" value="${power[0]}">${power[1]}</button>
<button name="act" value="edit">Change a page by hand</button></form></td></tr>`
}
