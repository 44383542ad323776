import { z } from 'zod'
import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import {
  adopt,
  adoptShared,
  type Candidate,
  named,
  overwrite,
  type Survey,
  type SurveyContext,
  type SurveyedRow,
  survey,
} from '../inspect/index.ts'
import { getServer } from '../server/index.ts'
import { NotAgreed } from './agreement.ts'
import { type Context, withMethods } from './context.ts'
import { flagField, nameField, objectList } from './fields.ts'
import { reading, writing } from './verb.ts'

/** A row of which something is on a server, or would be. */
export type AdoptableView = Pick<SurveyedRow, 'object' | 'identity' | 'placed' | 'differences' | 'waits'>

/** What a server has of one backend beside what is placed there. */
export interface SurveyView {
  backend: string
  /** There already, as their rows say. */
  right: AdoptableView[]
  /** There, and would be changed. */
  different: AdoptableView[]
  /** Rows of which nothing is there. */
  absent: AdoptableView[]
  /** What no row stands for. */
  unmatched: Survey['unmatched']
}

export const adoptionSurvey = reading({
  name: 'adoption.survey',
  about: 'What a server has already that could be taken over; changes nothing',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({ server: nameField, backend: nameField.optional() }),
  run: async (context, { server, backend }): Promise<{ backends: SurveyView[] }> => {
    const backends = backendsOf(context.config, backend)
    return surveyed(context, server, backends, async (all) => ({ backends: all.map(toView) }))
  },
})

/** What was taken over. */
export interface Adopted {
  adopted: number
  overwritten: number
  /** Different, and left as they are. */
  left: number
  /** The first of `units`. */
  unit: string | null
  /** Units of work that write what was different. */
  units: string[]
}

/** Whether so many objects are to be taken over, and so many changed. */
export interface AdoptionQuestion {
  server: string
  right: number
  changing: number
}

export const adoptionTake = writing({
  name: 'adoption.take',
  about: 'Takes over what a server has already',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({
    server: nameField,
    backend: nameField.optional(),
    objects: objectList.default([]),
    /** Everything that matches, and what all objects share. */
    all: flagField,
    /** Also what is different: it is written as its row says. */
    overwrite: flagField,
  }),
  audit: {
    action: 'adopt',
    also: ['adopt.shared', 'adopt.overwrite'],
    target: ({ server }) => server,
  },
  run: async (
    context: Context<AdoptionQuestion>,
    { server, backend, objects, all, overwrite: overwrites },
  ): Promise<Adopted> => {
    const backends = backendsOf(context.config, backend, objects)
    if (!all && objects.length === 0) throw nothingChosen()
    return surveyed(context, server, backends, (found) =>
      take(context, chosen(found, objects), { server, all, overwrites }),
    )
  },
})

/** What was found of one backend. */
interface Surveyed {
  context: SurveyContext
  found: Survey
}

/** Surveys a server, and does something with it while it can still be reached. */
async function surveyed<Value>(
  context: Pick<Context, 'store' | 'config' | 'methods'>,
  name: string,
  backends: readonly Backend[],
  work: (all: readonly Surveyed[]) => Promise<Value>,
): Promise<Value> {
  const { store, config } = context
  const server = await getServer(store, name)
  return withMethods(context, async (methods) => {
    const all: Surveyed[] = []
    for (const backend of backends) {
      const each = { store, config, methods, server, backend }
      all.push({ context: each, found: await survey(each) })
    }
    return work(all)
  })
}

/** Everything that can be matched with rows, or is written as a whole. */
function backendsOf(config: Config, name: string | undefined, objects: readonly string[] = []): Backend[] {
  if (name !== undefined) return [backendNamed(config, name)]
  if (objects.length > 0)
    throw new OrchestraError('ORC_USAGE', 'Objects are taken over for one backend', {
      hint: 'Say which: --backend NAME',
    })
  return [...config.backends.values()].filter(({ model, sync }) => model.table !== null || sync !== undefined)
}

/** What is to be taken of one backend. */
interface Chosen {
  context: SurveyContext
  right: readonly Candidate[]
  different: readonly Candidate[]
}

function chosen(surveyed: readonly Surveyed[], objects: readonly string[]): Chosen[] {
  const all = surveyed.map(({ context, found }) => ({
    context,
    right: named(found.right, objects),
    different: named(found.different, objects),
  }))
  const taken = all.flatMap(({ right, different }) => [...right, ...different])
  if (taken.length >= objects.length) return all
  const known = new Set(taken.map(({ object }) => object))
  const unknown = objects.filter((object) => !known.has(object))
  throw new OrchestraError('ORC_OBJECT_UNKNOWN', `Not there to be adopted: ${unknown.join(', ')}`, {
    hint: 'Without objects, the command shows what can be adopted',
  })
}

async function take(
  { agree, principal }: Context<AdoptionQuestion>,
  all: readonly Chosen[],
  { server, all: shares, overwrites }: { server: string; all: boolean; overwrites: boolean },
): Promise<Adopted> {
  const by = principal.name
  const right = all.flatMap((one) => one.right)
  const different = all.flatMap((one) => one.different)
  const changing = overwrites ? different.length : 0
  const question = { server, right: right.length, changing }
  if ((await agree(question)) !== 'given') throw notAgreed(question)
  let adopted = 0
  const units: string[] = []
  for (const one of all) {
    if (shares) await adoptShared(one.context, by)
    adopted += await adopt(one.context, one.right, by)
    if (overwrites && one.different.length > 0) units.push(await overwrite(one.context, one.different, by))
  }
  return {
    adopted,
    overwritten: changing,
    left: different.length - changing,
    unit: units[0] ?? null,
    units,
  }
}

function notAgreed({ server, changing }: AdoptionQuestion): NotAgreed {
  return changing === 0
    ? new NotAgreed(`Nothing was adopted on ${server}`, 'Say --yes when this is meant')
    : new NotAgreed(`${changing} objects would be changed on ${server}`, 'Say --yes when this is meant')
}

function nothingChosen(): OrchestraError {
  return new OrchestraError('ORC_USAGE', 'Nothing says what is to be adopted', {
    hint: 'Name objects and --backend, or say --all',
  })
}

function toView({ context, found }: Surveyed): SurveyView {
  return {
    backend: context.backend.name,
    right: found.right.map(rowView),
    different: found.different.map(rowView),
    absent: found.absent.map(rowView),
    unmatched: found.unmatched,
  }
}

function rowView({ object, identity, placed, differences, waits }: SurveyedRow): AdoptableView {
  return { object, identity, placed, differences, waits }
}
