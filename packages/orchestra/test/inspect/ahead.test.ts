import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { AskingAhead } from '../../src/inspect/ahead.ts'
import type { Inspected } from '../../src/inspect/ask.ts'
import { questionsAbout } from '../../src/inspect/examine.ts'
import { expectationOf } from '../../src/inspect/expect.ts'
import type { Inspection, InspectionCursor } from '../../src/inspect/inspection.ts'
import type { InspectionPage } from '../../src/inspect/page.ts'
import { record } from '../../src/script/index.ts'
import { lookedAt } from './support.ts'

const next = { phase: 'placements', model: 'site', keyHash: '0' } as const
/** As the database gives it back. */
const stored: InspectionCursor = { model: 'site', phase: 'placements', keyHash: '0' }

const at = (cursor: InspectionCursor | null) => ({ id: 1, cursor }) as Inspection

/** A page about one directory. */
async function pageAbout(name: string): Promise<InspectionPage> {
  const expectations = [expectationOf(record('thing', (script) => script.directory(name)))]
  return { objects: [], expectations, questions: questionsAbout(expectations), next: null, nextSize: 1 }
}

async function asked(fence = 1): Promise<{ ahead: AskingAhead; inspected: Inspected; directory: string }> {
  const { directory, inspected } = await lookedAt()
  const ahead = new AskingAhead()
  ahead.ask(at(null), next, pageAbout('missing'), { ...inspected, fence })
  return { ahead, inspected: { ...inspected, fence: 1 }, directory }
}

const never = () => Promise.reject(new Error('it was read again'))

it('what was asked ahead is not asked again, in whatever order its cursor was stored', async () => {
  const { ahead, inspected } = await asked()
  const { examined } = await ahead.take(at(stored), inspected, never)
  expect(await examined).toMatchObject({ kind: 'examined', verdicts: [{ state: 'missing' }] })
})

it.each([
  ['another page', { ...stored, keyHash: '1' } as InspectionCursor, 1],
  ['what another worker may have changed', stored, 2],
])('%s is asked for anew', async (_, cursor, fence) => {
  const { ahead, inspected, directory } = await asked(fence)
  await mkdir(join(directory, 'there'))
  const { examined } = await ahead.take(at(cursor), inspected, () => pageAbout('there'))
  expect(await examined).toMatchObject({ verdicts: [{ state: 'in-sync' }] })
})

it('what is forgotten has ended', async () => {
  const { ahead, inspected, directory } = await asked()
  await ahead.forget()
  await mkdir(join(directory, 'there'))
  const { examined } = await ahead.take(at(stored), inspected, () => pageAbout('there'))
  expect(await examined).toMatchObject({ verdicts: [{ state: 'in-sync' }] })
})

it('ends with the step that took it', async () => {
  const { ahead, inspected } = await asked()
  const stop = new AbortController()
  const taken = await ahead.take(at(stored), { ...inspected, signal: stop.signal }, never)
  stop.abort()
  expect((await taken.examined).kind).toMatch(/cancelled|examined/)
})
