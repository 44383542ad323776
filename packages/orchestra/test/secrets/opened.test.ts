import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type BackendOptions,
  defineBackend,
  defineModel,
  raw,
  type Script,
  type Secret,
  secret,
  sh,
  text,
} from '../../src/index.ts'
import { describeSteps } from '../../src/script/describe.ts'
import { type Recording, record, renderScript } from '../../src/script/index.ts'
import { objectsOf } from '../../src/script/objects.ts'
import { withContent } from '../../src/script/streamed.ts'

const canary = `CANARY it's-"4711"-sparrow`
const object = { id: 1, password: secret(canary, 'account.password'), other: secret('web1', 'account.other') }
const Account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.int(), password: z.string(), other: z.string() }),
  secrets: ['password', 'other'],
})
type Options = BackendOptions<typeof Account.schema, 'password' | 'other'>

const encodings: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  'in a text': (value) => `password = ${value}`,
  'in base64': (value) => Buffer.from(`user:${value}`).toString('base64'),
  'in JSON': (value) => JSON.stringify({ value }),
}

/** Where a backend may put text that it has made of a secret. */
const places: Record<string, (script: Script, given: string) => void> = {
  'a file': (script, given) => script.file('/a', given),
  'a file in pieces': (script, given) => script.file('/a', ['one', given]),
  'a text': (script, given) => script.file('/a', text`x ${given} y`),
  'a value of a command': (script, given) => script.run(sh`set ${given}`),
  'values of a command': (script, given) => script.run(sh`set ${['-x', given]}`),
  'a command as it is': (script, given) => script.run(sh`set ${raw(given)}`),
  'the input of a command': (script, given) => script.run(sh`cat`, { input: given }),
  'a variable of a command': (script, given) => script.run(sh`env`, { env: { GIVEN: given } }),
  'a guard': (script, given) => script.run(sh`true`, { unless: sh`test ${given}` }),
  'the check of a file': (script, given) => script.file('/a', 'x', { check: sh`test ${given}` }),
}

const closed: Record<string, (script: Script, given: string) => void> = {
  'a path': (script, given) => script.file(`/a/${given.replaceAll('/', '')}`, 'x'),
  'a link': (script, given) => script.symlink('/a', given),
  'a link that is a secret itself': (script) => script.symlink('/a', object.password as never),
  'what is ours': (script, given) => script.own(given, { exists: sh`true` }),
  'a note in the trash': (script, given) => script.trash('/a', { note: given }),
  'a directory of a command': (script, given) =>
    script.run(sh`true`, { cwd: `/${given.replaceAll('/', '')}` }),
  'a command that is kept on the server': (script, given) =>
    script.reload('x', { command: sh`test ${given}` }),
}

function saving(
  save: (script: Script, object: { password: Secret; other: Secret }) => void,
): Partial<Options> {
  return { save: (script, given) => save(script, given) }
}

function backendOf(options: Partial<Options>) {
  return defineBackend({ name: 'accounts', model: Account, delete: () => undefined, ...options } as Options)
}

function recordingOf(options: Partial<Options>): Recording {
  const backend = backendOf(options)
  return record('save', (script) => backend.save?.(script, object as never))
}

function scriptOf(recording: Recording) {
  return renderScript({
    runId: 'run',
    backend: 'accounts',
    server: 'web1',
    fence: 1,
    operations: [{ index: 0, label: 'account:1', action: 'save', recording }],
  })
}

function fragmentsIn(shown: string): string[] {
  const parts = ['CANARY it', 'sparrow', Buffer.from(`user:${canary}`).toString('base64').slice(8, 28)]
  return parts.filter((one) => shown.includes(one))
}

describe.each(Object.entries(places))('what a backend makes of a secret that it opened, in %s', (_, put) => {
  it.each(Object.entries(encodings))('%s, reaches the server and nobody who looks', (_name, encode) => {
    const recording = recordingOf(saving((script, { password }) => put(script, encode(password.reveal()))))
    const script = scriptOf(recording)
    expect(fragmentsIn(script.masked)).toEqual([])
    expect(fragmentsIn(script.text)).not.toEqual([])
    expect(script.secrets.map(({ name }) => name)).toContain('account.password')
    if (recording.kind === 'recorded')
      expect(fragmentsIn(JSON.stringify(describeSteps(recording)))).toEqual([])
  })
})

describe.each(Object.entries(closed))('a secret that would be told by %s', (_, put) => {
  it('is refused, by its name', () => {
    const recording = recordingOf(saving((script, { password }) => put(script, password.reveal())))
    expect(recording).toMatchObject({ kind: 'failed', error: { code: 'ORC_SECRET_JOINED' } })
    const { error } = recording as { error: Error }
    expect(fragmentsIn(error.message)).toEqual([])
  })
})

it('a question that a backend asks of a server tells nobody', () => {
  const recording = recordingOf(
    saving((script, { password }) => script.own('a', { exists: sh`test ${password.reveal()}` })),
  )
  const [step] = recording.kind === 'recorded' ? recording.steps : []
  if (step?.kind !== 'own' || step.claim.kind !== 'thing') throw new Error('nothing was asked')
  expect(fragmentsIn(step.claim.exists.masked)).toEqual([])
  expect(fragmentsIn(step.claim.exists.reveal())).not.toEqual([])
})

it('what is no secret stays as it is, though a secret has the same text', () => {
  const { masked } = scriptOf(recordingOf(saving((script) => script.file('/a', 'on web1'))))
  expect(masked).toContain('on web1')
})

it('pieces that are made while they are sent tell nobody either', () => {
  const backend = backendOf({
    save: undefined,
    delete: undefined,
    sync: (script, all) =>
      script.file(
        '/a',
        all.map(({ password }) => `${password.reveal()}\n`),
      ),
  } as Partial<Options>)
  const recording = record('sync', (script) => backend.sync?.(script, objectsOf([object]) as never))
  if (recording.kind !== 'recorded') throw recording.error
  const [file] = withContent(recording.steps)
  if (file?.kind !== 'file') throw new Error('no file was recorded')
  expect(file.content.reveal()).toBe(`${canary}\n`)
  expect(fragmentsIn(file.content.masked)).toEqual([])
})

it('what a command is made of outside of scripts tells nobody either', () => {
  const backend = backendOf({
    ...saving(() => undefined),
    exists: () => sh`test ${object.password.reveal()}`,
  } as Partial<Options>)
  const command = backend.exists?.('a')
  expect(command?.rendered.reveal()).toContain('sparrow')
  expect(fragmentsIn(String(command))).toEqual([])
})
