import type { FastifyInstance } from 'fastify'
import { BASE } from './answer.ts'
import { hashed, style } from './page-style.ts'

/** What makes the page do something: it uses a link of its address, or asks for name and password, and shows who is in. */
const script = `
const ask = (path, method, body) => fetch('api/v1' + path, {
  method, headers: body ? { 'content-type': 'application/json' } : {}, body: body && JSON.stringify(body),
})
const entrance = document.querySelector('#in')
const form = document.querySelector('form')
const said = document.querySelector('p')
const show = (text, isIn) => { said.textContent = text; entrance.hidden = isIn; document.querySelector('#out').hidden = !isIn }
async function look() {
  const answer = await ask('/me', 'GET')
  if (!answer.ok) return show('Log in to use the API.', false)
  const me = await answer.json()
  show('You are ' + me.name + '. You may: ' + me.permissions.join(', '), true)
}
async function enter(path, body) {
  const answer = await ask(path, 'POST', body)
  if (answer.ok) return look()
  const { detail, hint } = await answer.json()
  show(detail + '. ' + (hint ?? ''), false)
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const { name, password } = form.elements
  void enter('/session', { name: name.value, password: password.value })
})
document.querySelector('#out').addEventListener('click', () => void ask('/session', 'DELETE').then(look))
const link = /^#link=([\\w-]+)$/.exec(location.hash)?.[1]
history.replaceState(null, '', location.pathname)
void (link ? enter('/session/link', { link }) : look())
`

const pageWith = (providers: readonly string[]) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Orchestra</title><style>${style}</style>
<h1>Orchestra</h1><p role="status">…</p>
<div id="in" hidden>${providers.map(linkTo).join('')}
<form><label>Name <input name="name" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label><button>Log in</button></form></div>
<button id="out" hidden>Log out</button><script>${script}</script></html>
`

/** A provider's name has nothing but small letters, digits and hyphens. */
const linkTo = (provider: string) =>
  `<p><a href="${BASE.slice(1)}/auth/oidc/${provider}/start">Log in with ${provider}</a></p>`

/** This script alone runs, and speaks to this server alone. */
const policy = [
  "default-src 'none'",
  `script-src ${hashed(script)}`,
  `style-src ${hashed(style)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A page to come in by, which a one-time link leads to. It says nothing that is not said to everybody. */
export function addSignInPage(app: FastifyInstance, providers: readonly string[]): void {
  const page = pageWith(providers)
  app.get('/', { config: { anonymous: 'uncounted' } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(page),
  )
}
