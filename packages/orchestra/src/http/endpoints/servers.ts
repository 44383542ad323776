import type { Finding } from '../../inspect/index.ts'
import {
  driftList,
  placeList,
  type ServerView,
  serverHold,
  serverList,
  serverRelease,
  serverRemove,
  serverShow,
} from '../../operate/index.ts'
import { act, keyed, one, pages } from '../build.ts'
import type { ItemKey } from '../cursor.ts'

const { server } = serverShow.input.shape
const { backend, model, object, identity, state, after } = placeList.input.shape
const params = { server }

/** What of a place tells a finding from all others. */
export function findingKey(finding: Finding): ItemKey {
  return [finding.server, finding.backend, finding.object ?? '', finding.identity]
}

export const serverEndpoints = [
  keyed<ServerView>({
    path: '/servers',
    verb: serverList,
    key: ({ name }) => [name],
  }),
  one({ path: '/servers/{server}', verb: serverShow, params }),
  act({
    path: '/servers/{server}',
    verb: serverRemove,
    method: 'DELETE',
    params,
    query: { force: serverRemove.input.shape.force, dryRun: serverRemove.input.shape.dryRun },
    asks: true,
  }),
  act({
    path: '/servers/{server}/hold',
    verb: serverHold,
    params,
    body: { reason: serverHold.input.shape.reason },
  }),
  act({ path: '/servers/{server}/release', verb: serverRelease, params }),
  pages({
    path: '/servers/{server}/placements',
    verb: placeList,
    about: 'What stands on one server',
    params,
    query: { backend, model, object, identity, state },
    cursor: after.unwrap(),
    items: 'placements',
  }),
  keyed<Finding>({
    path: '/servers/{server}/findings',
    verb: driftList,
    about: 'What the last look at one server found otherwise than it should be',
    params,
    query: { backend: driftList.input.shape.backend },
    key: findingKey,
  }),
]
