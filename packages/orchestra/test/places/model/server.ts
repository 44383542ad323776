import type { Deed, Rules } from '../../../src/places/place.ts'
import type { Block, Thing, World } from './world.ts'

/** What a block does on its server, in the order in which it is done; a circle makes room before anybody moves in. */
export type Act =
  | { readonly do: 'touch' | 'finish' | 'drop'; readonly block: Block; readonly name: string }
  | { readonly do: 'move'; readonly block: Block; readonly name: string; readonly to: string }
  | { readonly do: 'copy'; readonly block: Block; readonly from: string }
  | { readonly do: 'look'; readonly block: Block }

export function actsOf(blocks: readonly Block[], rules: Rules): Act[] {
  return [...blocks.flatMap((block) => room(block, rules)), ...blocks.flatMap((block) => work(block, rules))]
}

function room(block: Block, { onRename }: Rules): Act[] {
  const { step } = block
  if (step.do !== 'rename' || step.circle.length === 0) return []
  return onRename === 'keep' ? [] : step.from.map((name) => ({ do: 'drop', block, name }))
}

function work(block: Block, { onRename }: Rules): Act[] {
  const { step } = block
  switch (step.do) {
    case 'make':
      return made(block, step.identity)
    case 'rename':
      return [...old(block, step, onRename), ...made(block, step.identity)]
    case 'park':
      return [
        ...step.from.map((name): Act => ({ do: 'move', block, name, to: step.identity })),
        ...made(block, step.identity),
      ]
    case 'remove':
      return step.names.map((name) => ({ do: 'drop', block, name }))
    case 'receive':
      return [{ do: 'copy', block, from: step.from }]
    case 'look':
      return [{ do: 'look', block }]
  }
}

function old(block: Block, step: Extract<Deed, { do: 'rename' }>, onRename: Rules['onRename']): Act[] {
  const isTurning = step.circle.length > 0
  if (onRename === 'move') return step.from.map((name) => ({ do: 'move', block, name, to: step.identity }))
  if (onRename === 'keep' || isTurning) return []
  return step.from.map((name) => ({ do: 'drop', block, name }))
}

function made(block: Block, name: string): Act[] {
  return [
    { do: 'touch', block, name },
    { do: 'finish', block, name },
  ]
}

type Things = Readonly<Record<string, Thing>>

/** The things after an act; null where it met what another object has, which the server's marks keep from it. */
export function perform(world: World, server: string, act: Act, rules: Rules): Things | null {
  const { things } = world
  const { object, generation } = act.block
  const at = (name: string) => things[`${server}/${name}`]
  const isOurs = (name: string) => at(name)?.object === object && at(name)?.isAbandoned === false
  switch (act.do) {
    case 'touch':
      if (isOurs(act.name)) return things
      if (!isFree(world, server, act, act.name, rules)) return null
      return put(things, server, act.name, fresh(world, act.block, server))
    case 'finish': {
      const thing = at(act.name)
      if (thing === undefined || !isOurs(act.name)) return null
      return put(things, server, act.name, { ...thing, generation, isFormer: !isWanted(world, act.block) })
    }
    case 'drop':
      return isOurs(act.name) ? put(things, server, act.name, undefined) : things
    case 'move': {
      const thing = at(act.name)
      if (thing === undefined || !isOurs(act.name) || act.name === act.to) return things
      if (isOurs(act.to)) return null
      if (!isFree(world, server, act, act.to, rules)) return null
      return put(put(things, server, act.name, undefined), server, act.to, { ...thing, generation: 0 })
    }
    case 'copy': {
      const target = Object.entries(things).find(
        ([path, thing]) => path.startsWith(`${server}/`) && thing.object === object && !thing.isAbandoned,
      )
      const source = Object.entries(things).find(
        ([path, thing]) => path.startsWith(`${act.from}/`) && thing.object === object && !thing.isAbandoned,
      )
      if (target === undefined || source === undefined) return null
      return { ...things, [target[0]]: { ...target[1], hasData: source[1].hasData } }
    }
    case 'look':
      return things
  }
}

function isFree(world: World, server: string, { block }: Act, name: string, rules: Rules): boolean {
  const thing = world.things[`${server}/${name}`]
  if (thing === undefined || thing.isAbandoned) return true
  const { step } = block
  if (step.do !== 'make' && step.do !== 'rename') return false
  if (step.over === thing.object) return true
  return rules.onRename === 'keep' && step.do === 'rename' && step.circle.includes(thing.object)
}

/** Data begins in a copy that is to have its own, unless there is some already. */
function fresh(world: World, block: Block, server: string): Thing {
  const { object } = block
  const isOwn = world.places.some(
    (one) => one.object === object && one.server === server && one.data === 'own',
  )
  const isFirst = Object.values(world.things).every((thing) => thing.object !== object || !thing.hasData)
  const isFormer = !isWanted(world, block)
  return { object, generation: 0, hasData: !isFormer && isFirst && isOwn, isFormer, isAbandoned: false }
}

function put(things: Things, server: string, name: string, thing: Thing | undefined): Things {
  const { [`${server}/${name}`]: _, ...others } = things
  return thing === undefined ? others : { ...others, [`${server}/${name}`]: thing }
}

/** Whether a block works for whoever has the key now. */
function isWanted({ rows }: World, { object, step }: Block): boolean {
  const row = rows.find((one) => one.object === object)
  if (row?.decision.kind !== 'present') return false
  return (
    (step.do !== 'make' && step.do !== 'rename' && step.do !== 'park') ||
    step.incarnation === row.decision.incarnation
  )
}
