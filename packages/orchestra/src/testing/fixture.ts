import { validate } from '../collector/load.ts'
import type { Backend } from '../config/backend.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import { Secret } from '../script/index.ts'
import { failure } from './failure.ts'

/** An object as a loader returns it: plain values, secrets in clear. A `Secret` stands for its value. */
export type RawObject = Readonly<Record<string, unknown>>

/** An object as a backend's methods receive it. */
export type SealedObject = Readonly<Record<string, unknown>>

/** Something that a backend is tried out with. */
export interface Fixture {
  /** Names it in checks and golden files. */
  name: string
  object: RawObject
  /** The same object with other values, under the same identity. */
  changed?: RawObject
  /** The same object under another identity. */
  renamed?: RawObject
}

const fixtureNames: NamesOf<Fixture> = { name: true, object: true, changed: true, renamed: true }

/** Objects alone, or with a name and what becomes of them. */
export function fixturesOf(
  given: readonly Fixture[] | undefined,
  objects: readonly RawObject[] = [],
): Fixture[] {
  for (const fixture of given ?? []) checkOptions(`the fixture ${fixture.name}`, fixture, fixtureNames)
  const numbered = objects.map((object, index) => ({ name: `object ${index + 1}`, object }))
  const fixtures = [...(given ?? []), ...numbered]
  if (fixtures.length === 0)
    throw failure('There is nothing to try the backend with', 'Give `objects` or `fixtures`')
  const names = fixtures.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw failure(`Two fixtures are called ${twice}`, 'Give each a name of its own')
  return fixtures
}

/** Checks an object by the model's schema and hides its secrets, as the collector does. */
export function sealed({ model }: Backend, raw: RawObject, what: string): SealedObject {
  const loaded = validate(model, what, inClear(raw))
  if (loaded.kind === 'present') return loaded.object
  const reason = 'reason' in loaded ? loaded.reason : loaded.kind
  throw failure(reason, 'A fixture is an object as the loader of the model returns it')
}

function inClear(raw: RawObject): RawObject {
  const fields = Object.entries(raw)
  return Object.fromEntries(
    fields.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )
}
