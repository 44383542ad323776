import type { Endpoint } from '../endpoint.ts'
import { objectEndpoints } from './objects.ts'
import { peopleEndpoints } from './people.ts'
import { routeEndpoints } from './routes.ts'
import { serverEndpoints } from './servers.ts'
import { statusEndpoints } from './status.ts'
import { streamEndpoints } from './streams.ts'
import { workEndpoints } from './work.ts'

/** Everything that can be asked for by HTTP: routes, documents and tests are made of this table. */
export const endpoints: readonly Endpoint[] = [
  ...statusEndpoints,
  ...serverEndpoints,
  ...routeEndpoints,
  ...objectEndpoints,
  ...workEndpoints,
  ...streamEndpoints,
  ...peopleEndpoints,
]
