import type { Endpoint } from '../endpoint.ts'
import { adoptionEndpoints } from './adoptions.ts'
import { auditEndpoints } from './audit.ts'
import { bulkEndpoints } from './bulk.ts'
import { channelEndpoints } from './channels.ts'
import { hookEndpoints } from './hooks.ts'
import { incidentEndpoints } from './incidents.ts'
import { objectEndpoints } from './objects.ts'
import { peopleEndpoints } from './people.ts'
import { planEndpoints } from './plans.ts'
import { requestEndpoints } from './requests.ts'
import { routeEndpoints } from './routes.ts'
import { serverEndpoints } from './servers.ts'
import { statusEndpoints } from './status.ts'
import { streamEndpoints } from './streams.ts'
import { trashEndpoints } from './trash.ts'
import { viewEndpoints } from './views.ts'
import { workEndpoints } from './work.ts'

/** Everything that can be asked for by HTTP: routes, documents and tests are made of this table. */
export const endpoints: readonly Endpoint[] = [
  ...statusEndpoints,
  ...serverEndpoints,
  ...routeEndpoints,
  ...objectEndpoints,
  ...trashEndpoints,
  ...adoptionEndpoints,
  ...requestEndpoints,
  ...viewEndpoints,
  ...bulkEndpoints,
  ...workEndpoints,
  ...planEndpoints,
  ...incidentEndpoints,
  ...channelEndpoints,
  ...hookEndpoints,
  ...auditEndpoints,
  ...streamEndpoints,
  ...peopleEndpoints,
]
