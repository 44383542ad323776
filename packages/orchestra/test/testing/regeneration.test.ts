import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Backend, type BackendOptions, defineBackend, defineModel, sh } from '../../src/index.ts'
import { backendChecks, type CheckKind, describeBackend } from '../../src/testing/index.ts'

const schema = z.object({
  host: z.string().regex(/^[a-z.]+$/),
  target: z.string().refine((text) => !/[\0\n]/.test(text) && text.isWellFormed()),
})
const Redirect = defineModel({ name: 'redirect', table: 'redirect', key: 'host', schema })

type Options = BackendOptions<typeof schema, never>

/** Two files of all redirects. */
function redirects(faults: Partial<Options> = {}): Backend {
  return defineBackend({ name: 'redirects', model: Redirect, sync: writeBoth, ...faults })
}

const writeBoth: NonNullable<Options['sync']> = (script, objects) => {
  const lines = objects.map(({ host, target }) => `${host}\t${target}\n`)
  script.file('map', ['# redirects\n', lines], { check: sh`grep -q redirects map`, mode: '0640' })
  script.file(
    'hosts',
    objects.map(({ host }) => `${host}\n`),
    { check: sh`[[ -e hosts ]]` },
  )
  script.reload('redirects', { command: sh`true` })
}

const fixtures = [
  {
    name: 'shop',
    object: { host: 'shop.example', target: 'https://example.com/shop' },
    changed: { host: 'shop.example', target: 'https://example.com/new' },
  },
  { name: 'blog', object: { host: 'blog.example', target: 'https://example.com/blog' } },
]

describeBackend(test, { backend: redirects(), fixtures })

const faults: { fault: string; kind: CheckKind; sync: NonNullable<Options['sync']>; says: string }[] = [
  {
    fault: 'a file that nothing checks',
    kind: 'change',
    sync: (script, objects) =>
      script.file(
        'map',
        objects.map(({ host }) => `${host}\n`),
      ),
    says: 'No file has a check',
  },
  {
    fault: 'something that only grows',
    kind: 'removal',
    sync: (script, objects) => {
      writeBoth(script, objects)
      script.run(sh`cat hosts >>seen; sort -u -o seen seen`, {
        unless: sh`[[ -e seen ]] && ! grep -vxFf seen hosts`,
      })
    },
    says: '/seen: file',
  },
  {
    fault: 'a command that runs every time',
    kind: 'twice',
    sync: (script, objects) => {
      writeBoth(script, objects)
      script.run(sh`sort -o sorted map`)
    },
    says: 'This command runs every time',
  },
  {
    fault: 'a map that says nothing of a field',
    kind: 'change',
    sync: (script, objects) =>
      script.file(
        'map',
        objects.map(({ host }) => `${host}\n`),
        { check: sh`true` },
      ),
    says: 'With other values, nothing changed',
  },
  {
    fault: 'a value without quotes',
    kind: 'hostile',
    sync: (script, objects) => {
      script.file(
        'load',
        objects.map(({ target }) => `echo "${target}" >/dev/null\n`),
        { check: sh`bash load || true` },
      )
    },
    says: 'text was run as a command',
  },
]

test.each(faults)('$fault is caught: $kind', async ({ kind, sync, says }) => {
  const checks = backendChecks({ backend: redirects({ sync }), fixtures }).filter(
    (check) => check.kind === kind,
  )
  const said = await Promise.all(checks.map((check) => check.run().catch((error: Error) => error.message)))
  expect(said.join('\n')).toContain(says)
})
