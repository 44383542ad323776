import { type TrashView, trashEmpty, trashList, trashRestore } from '../../operate/index.ts'
import { act, keyed } from '../build.ts'

const { server, id } = trashRestore.input.shape
const { backend } = trashList.input.shape
const { olderThan } = trashEmpty.input.shape
const key = (entry: TrashView) => [entry.server, entry.since, entry.id]

export const trashEndpoints = [
  keyed<TrashView>({
    path: '/trash',
    verb: trashList,
    query: { backend },
    key,
  }),
  keyed<TrashView>({
    path: '/servers/{server}/trash',
    verb: trashList,
    about: 'What the trash of one server holds',
    params: { server },
    query: { backend },
    key,
  }),
  act({
    path: '/servers/{server}/trash/{id}/restore',
    verb: trashRestore,
    params: { server, id },
  }),
  act({
    path: '/servers/{server}/trash/empty',
    verb: trashEmpty,
    about: 'Removes for good what is in the trash of one server',
    params: { server },
    body: { olderThan },
    asks: true,
  }),
  act({
    path: '/trash/empty',
    verb: trashEmpty,
    about: 'Removes for good what is in the trash of all servers',
    body: { olderThan },
    asks: true,
  }),
]
