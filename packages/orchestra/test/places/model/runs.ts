import type { Deed, Place } from '../../../src/places/place.ts'
import { abandoned, withoutData } from './data.ts'
import { calm, type Engine, type Event } from './engine.ts'
import { brokenRemoval } from './promises.ts'
import { type Act, actsOf, perform } from './server.ts'
import { around, type Block, type Bounds, keyOf, placeAt, type Run, type World, withPlaces } from './world.ts'

export function claims(world: World, bounds: Bounds, engine: Engine): Event[] {
  const { rules } = bounds
  return world.places.flatMap((place) => {
    if (world.runs.some((run) => run.server === place.server && run.journal === null)) return []
    const step = engine.next(place, around(world, place), rules, 0)
    if (step.do === 'nothing' || step.do === 'wait' || step.do === 'ask') return []
    const members = membersOf(world, place, step)
    // A circle is claimed once, whoever of it is asked.
    if (members[0] !== place && members.includes(place) && isCircle(step)) return []
    return [calm(`${keyOf(place)} begins ${JSON.stringify(step)}`, begun(world, members, bounds, engine))]
  })
}

function isCircle(step: Deed): boolean {
  return step.do === 'rename' && step.circle.length > 0
}

function membersOf(world: World, place: Place, step: Deed): Place[] {
  if (step.do !== 'rename' || step.circle.length === 0) return [place]
  return world.places.filter((one) => one.server === place.server && step.circle.includes(one.object))
}

function begun(world: World, members: readonly Place[], bounds: Bounds, engine: Engine): World {
  const { rules } = bounds
  const [{ server } = { server: '' }] = members
  const run = 1 + Math.max(0, ...world.runs.map((one) => one.run))
  const blocks: Block[] = []
  const changed = members.map((place) => {
    // Time and place in the order are those of whoever asked; the others of a circle come along.
    const step = engine.next({ ...place, due: 0 }, around(world, place), rules, 0)
    if (step.do === 'nothing' || step.do === 'wait' || step.do === 'ask')
      throw new Error(
        `${keyOf(place)} is claimed in a circle that it knows nothing of: ${JSON.stringify(step)}`,
      )
    if ((step.do === 'make' || step.do === 'rename') && world.made[keyOf(place)] === place.generation)
      throw new Error(`${keyOf(place)} is made twice`)
    const broken = step.do === 'remove' ? brokenRemoval(world, place, bounds) : null
    if (broken !== null) throw new Error(broken)
    blocks.push({ object: place.object, step, generation: place.generation })
    return engine.begin(place, step, run)
  })
  const begun: Run = { run, server, blocks, journal: null, found: [] }
  return withPlaces({ ...world, runs: [...world.runs, begun] }, members, changed)
}

/** A script ends well, or one block of it fails somewhere, or its worker dies somewhere. */
export function ends(world: World, bounds: Bounds, engine: Engine): Event[] {
  return world.runs
    .filter((run) => run.journal === null)
    .flatMap((run) => {
      const acts = actsOf(run.blocks, bounds.rules)
      const well = ran(world, run, acts, bounds, () => true)
      const name = `run ${run.run} on ${run.server}`
      const good = calm(`${name} ends`, settled(well.world, well.run, bounds, engine))
      if (world.faults === 0) return [good]
      const hurt = { ...world, faults: world.faults - 1 }
      const failed = run.blocks.flatMap((block) =>
        [...acts.filter((act) => act.block === block), null].map((act, index) => {
          const at = ran(hurt, run, acts, bounds, (one) => one !== act, act === null ? block : undefined)
          return {
            name: `${name} fails for ${block.object} at its act ${index}`,
            isCalm: false,
            world: settled(at.world, at.run, bounds, engine),
          }
        }),
      )
      const dead = [...acts, null].map((_, index) => {
        const at = ran(hurt, run, acts.slice(0, index), bounds, () => true)
        return {
          name: `the worker of ${name} dies after ${index} acts`,
          isCalm: false,
          world: left(at.world, at.run),
        }
      })
      return [good, ...failed, ...dead]
    })
}

/** A script up to where it breaks; what a block did not do, it did not do, and the others go on. */
function ran(
  world: World,
  run: Run,
  acts: readonly Act[],
  { rules }: Bounds,
  works: (act: Act) => boolean,
  broken?: Block,
): { world: World; run: Run } {
  const performed = new Map(run.blocks.map((block) => [block, 0]))
  const failed = new Set<Block>(broken === undefined ? [] : [broken])
  let now = world
  for (const act of acts) {
    if (failed.has(act.block) && act.block !== broken) continue
    const things = works(act) ? perform(now, run.server, act, rules) : null
    if (things === null) {
      if (works(act) && act.do !== 'copy' && !isCircle(act.block.step))
        throw new Error(`${act.block.object} meets another's: ${JSON.stringify(act)}`)
      failed.add(act.block)
      continue
    }
    performed.set(act.block, (performed.get(act.block) ?? 0) + 1)
    now = { ...now, things }
  }
  const journal = run.blocks.map((block) => {
    if (failed.has(block)) return 'failed'
    const all = actsOf(run.blocks, rules).filter((act) => act.block === block).length
    const number = performed.get(block) ?? 0
    return number === all ? 'done' : number === 0 ? 'untouched' : 'failed'
  })
  const found = run.blocks.map((block) => seenBy(now, run.server, block))
  return { world: now, run: { ...run, journal, found } }
}

function seenBy(world: World, server: string, { object, step }: Block): string[] {
  if (step.do !== 'look') return []
  return step.names.filter((name) => world.things[`${server}/${name}`]?.object === object)
}

/** A dead worker's run stays where it was, and the server remembers it. */
function left(world: World, run: Run): World {
  return { ...world, runs: world.runs.map((one) => (one.run === run.run ? run : one)) }
}

export function asks(world: World, bounds: Bounds, engine: Engine): Event[] {
  return world.runs
    .filter((run) => run.journal !== null)
    .map((run) => calm(`run ${run.run} on ${run.server} is asked for`, settled(world, run, bounds, engine)))
}

function settled(world: World, run: Run, bounds: Bounds, engine: Engine): World {
  const rest = { ...world, runs: world.runs.filter((one) => one.run !== run.run) }
  const ended = run.blocks.reduce<World>(
    (now, block, index) => settledBlock(now, run, block, index, bounds, engine),
    rest,
  )
  return run.blocks.reduce<World>((now, { step, ...block }, index) => {
    const isMade = run.journal?.[index] === 'done' && (step.do === 'make' || step.do === 'rename')
    return isMade ? madeBy(now, run.server, block, step.identity, engine) : now
  }, ended)
}

function settledBlock(
  world: World,
  run: Run,
  block: Block,
  index: number,
  { rules }: Bounds,
  engine: Engine,
): World {
  const kind = run.journal?.[index] ?? 'failed'
  const place = placeAt(world, block.object, run.server)
  if (place === undefined) throw new Error(`${block.object}@${run.server} is gone while a run is at it`)
  const ended = kind === 'done' ? { kind, found: run.found[index] ?? [] } : { kind }
  let now = world
  let target = place
  if (block.step.do === 'receive')
    ({ world: now, target } = settledData(world, place, block.step.from, kind, engine))
  const places = engine.end(target, run.run, ended, rules, 1)
  const after = abandoned(withPlaces(now, [target], places), target)
  const siblings = around(after, target).siblings
  return withPlaces(
    after,
    siblings,
    siblings.map((sibling) => engine.begunMeanwhile(place, sibling)),
  )
}

function madeBy(
  world: World,
  server: string,
  block: Omit<Block, 'step'>,
  identity: string,
  engine: Engine,
): World {
  const rivals = world.places.filter((place) => place.server === server && place.object !== block.object)
  const made = { ...world.made, [`${block.object}@${server}`]: block.generation }
  return withPlaces(
    { ...world, made },
    rivals,
    rivals.flatMap((rival) => engine.overtaken(rival, identity)),
  )
}

/** Of two copies of data, one counts: that of the source, until it is written down that it is the target's. */
function settledData(world: World, target: Place, from: string, kind: string, engine: Engine) {
  const source = placeAt(world, target.object, from)
  const sure = kind === 'done' ? engine.received(target, source) : { target }
  const isTaken = sure.target.data === 'own' && target.data !== 'own'
  const loser = isTaken ? from : target.server
  const isOwn = target.data === 'own'
  const things = isOwn ? world.things : withoutData(world.things, target.object, loser)
  const old = source === undefined ? [target] : [target, source]
  const changed = [sure.target, ...(source === undefined ? [] : [sure.source ?? source])]
  return { world: withPlaces({ ...world, things }, old, changed), target: sure.target }
}
