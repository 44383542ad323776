import type { Door } from '../door.ts'
import { deliverDoor } from './hooks.ts'
import { meDoor } from './me.ts'
import { oidcDoors } from './oidc.ts'
import { sessionDoors } from './session.ts'

/** All that is asked for by HTTP and is no verb. */
export const doors: readonly Door[] = [...sessionDoors, ...oidcDoors, deliverDoor, meDoor]
