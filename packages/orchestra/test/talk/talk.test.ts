import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMethods, type ServerTarget } from '../../src/methods/index.ts'
import { BoundedBytes, endLine } from '../../src/script/index.ts'
import { type AnswerReader, ask, send } from '../../src/talk/index.ts'

const timeouts = { connect: 5_000, idle: 20_000, total: 20_000 }

describe('a conversation with a server', () => {
  const methods = createMethods()
  let target: ServerTarget

  beforeAll(async () => {
    target = {
      ...{ name: 'here', method: 'local', host: 'localhost', port: 0, user: 'root', sudo: false },
      ...{ hostKey: null, identityFile: null, directory: await mkdtemp(join(tmpdir(), 'orchestra-talk-')) },
    }
  })

  afterAll(async () => {
    await methods.close()
    await rm(target.directory ?? '', { recursive: true, force: true })
  })

  const message = (lines: string) => {
    const runId = randomUUID()
    return {
      runId,
      text: `${lines}\n${endLine(runId)}\n`,
      user: null,
      timeouts,
      signal: new AbortController().signal,
    }
  }

  /** Answers a number, at most so many bytes long. */
  function reading(most = 100): AnswerReader<number> {
    const output = new BoundedBytes(most, 'a number')
    return {
      push: (stream, bytes) => (stream === 'stdout' ? output.push(bytes) : undefined),
      end(exit) {
        const text = output.end().toString().trim()
        return { answer: exit === 0 ? Number(text) : null, said: text }
      },
    }
  }

  it('gives the answer that the reader makes of what is printed', async () => {
    expect(await ask(methods, target, message('echo 42'), reading())).toEqual({
      kind: 'answered',
      answer: 42,
      said: '42',
    })
  })

  it('says how a script ended that did not answer, and what it said last', async () => {
    expect(await ask(methods, target, message('echo no such thing; exit 3'), reading())).toMatchObject({
      kind: 'broken-off',
      rest: 'failure',
      how: 'ended with status 3',
      said: 'no such thing',
    })
  })

  it('ends a script that answers more than is read', async () => {
    expect(await ask(methods, target, message('yes'), reading())).toMatchObject({
      kind: 'too-large',
      error: { code: 'ORC_ANSWER_TOO_LARGE' },
    })
  })

  it('tells what kept a script from running', async () => {
    const nowhere = { ...target, directory: join(target.directory ?? '', 'missing') }
    expect(await ask(methods, nowhere, message('echo 1'), reading())).toMatchObject({
      kind: 'blocked',
      by: 'script',
    })
  })

  it('keeps the verdict of a script that did answer', async () => {
    expect(await send(methods, target, message('echo 7'), reading())).toMatchObject({
      answer: 7,
      exit: 0,
      verdict: { kind: 'ran' },
    })
  })
})
