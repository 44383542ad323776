import { z } from 'zod'
import type { ConfigOptions } from '../../src/config/config.ts'
import {
  type Backend,
  defineBackend,
  defineModel,
  type Model,
  raw,
  type Script,
  sh,
} from '../../src/index.ts'

/** A row of the application: placed on the server that `place` names, under its name. */
export interface Box {
  id: number
  name: string
  body: string
  place: string
}

export const createBoxes = `create table box (
  id integer primary key, name text not null unique, body text not null, place text not null)`

/** Bodies with which an object fails, each in another way, until it is corrected. */
export const troubles = ['fail', 'throw', 'invalid'] as const

const Boxes = defineModel({
  name: 'box',
  table: 'box',
  schema: z.object({
    id: z.number().int(),
    name: z.string().min(1),
    body: z.string().refine((body) => body !== 'invalid'),
    place: z.string(),
  }),
})

/** What a save does about a body that means trouble. */
function stumble(script: Script, { body }: Box): void {
  if (body === 'throw') throw new Error('it throws')
  if (body === 'fail') script.run(sh`echo it fails >&2; exit 3`)
}

/** Every reload leaves a line, so that a reload that nobody needed is seen. */
const reload = (script: Script, name: string) => script.reload(name, { command: sh`echo ${name} >>reloads` })

const listOf = (directory: string) => sh`if [[ -d ${directory} ]]; then ls -1 ${directory}; fi`

/** A file an object; a rename is a delete and a save, a move removes the old copy. */
const conf = defineBackend({
  name: 'conf',
  model: Boxes,
  identity: (box) => box.name,
  prepare: (script) => script.directory('conf'),
  save: (script, box) => {
    script.file(`conf/${box.name}`, contentOf('conf', box), { mode: '0640' })
    stumble(script, box)
    reload(script, 'conf')
  },
  delete: (script, box) => {
    script.absent(`conf/${box.name}`)
    reload(script, 'conf')
  },
  onMove: 'remove',
  list: listOf('conf'),
  prune: (script, identity) => {
    script.absent(`conf/${identity}`)
    reload(script, 'conf')
  },
})

/** A file an object; what a rename or a move leaves behind stays. */
const kept = defineBackend({
  name: 'kept',
  model: Boxes,
  after: ['conf'],
  identity: (box) => box.name,
  prepare: (script) => script.directory('kept'),
  save: (script, box) => {
    script.file(`kept/${box.name}`, contentOf('kept', box))
    stumble(script, box)
  },
  delete: (script, box) => script.absent(`kept/${box.name}`),
  onRename: 'keep',
})

/** Where tokens are noted when they are made: above the directories of the servers. */
const ledger = '../minted'

/** Data takes its time, so that other things happen to its object meanwhile. */
const linger = sh`sleep 0.05`

/** A directory an object, with a token that is made once and cannot be made again: the data that must never be lost. */
const data = defineBackend({
  name: 'data',
  model: Boxes,
  after: ['kept'],
  identity: (box) => box.name,
  prepare: (script) => script.directory('data'),
  save: (script, box) => {
    script.directory(`data/${box.name}`)
    script.run(
      sh`token=${box.id}-\${PWD##*/}-$(< /proc/sys/kernel/random/uuid); echo "$token" >data/${box.name}/.precious
echo "$token" >>${ledger}; mv data/${box.name}/.precious data/${box.name}/precious`,
      { unless: sh`test -e data/${box.name}/precious` },
    )
    script.file(`data/${box.name}/about`, contentOf('data', box))
    stumble(script, box)
  },
  rename: (script, box, previous) => {
    script.run(sh`mv -T data/${previous.name} data/${box.name}`, {
      onlyIf: sh`test -d data/${previous.name}`,
    })
    script.run(sh`rm -f data/.new.${previous.name}`)
  },
  delete: (script, box) => {
    script.run(sh`rm -f data/.new.${box.name}`)
    script.absent(`data/${box.name}`, { recursive: true })
  },
  list: listOf('data'),
  prune: (script, identity) => script.absent(`data/${identity}`, { recursive: true }),
  onMove: 'migrate',
  transfer: {
    // Of what a test destroyed there is nothing to bring.
    dump: (box) => sh`if [[ -e data/${box.name}/precious ]]; then cat data/${box.name}/precious; fi`,
    restore: (box) => sh`test -d data/${box.name}
cat >data/.new.${box.name}`,
    verify: {
      original: (box) => sh`if [[ -e data/${box.name}/precious ]]; then cat data/${box.name}/precious; fi`,
      restored: (box) => sh`cat data/.new.${box.name}
${linger}`,
    },
    switch: (box) => sh`${linger}
if [[ -s data/.new.${box.name} ]]; then
  mv data/.new.${box.name} data/${box.name}/precious
fi
rm -f data/.new.${box.name}`,
  },
})

/** One file for all objects. */
const pool = defineBackend({
  name: 'pool',
  model: Boxes,
  after: ['data'],
  identity: (box) => box.name,
  onMove: 'remove',
  sync: (script, boxes) => {
    script.directory('pool')
    script.file(
      'pool/all',
      boxes.map((box) => {
        if (box.body === 'throw') throw new Error('it throws')
        return `${contentOf('pool', box)}\n`
      }),
      { check: sh`${raw('! grep -q fail pool/all')}` },
    )
    reload(script, 'pool')
  },
})

/** What a box is in a backend's file. */
export function contentOf(backend: string, { id, name, body }: Box): string {
  return `${backend} ${id} ${name} ${body}`
}

export const backends: readonly Backend[] = [conf, kept, data, pool]

/** Rests are so short that a test need not wait for them. */
const restless = { base: 20, cap: 100 }

export const boxOptions: ConfigOptions = {
  models: [Boxes as Model],
  backends,
  worker: {
    backoff: { operation: restless, server: restless },
    timeouts: { connect: 2_000, idle: 5_000, total: 20_000 },
  },
}
