import { z } from 'zod'
import { MOST_DAYS, networkOf, permissions } from '../access/index.ts'
import { messageOf } from '../errors.ts'
import { nameField, nameList } from './fields.ts'

/** What a role is given for; what is left out is no limit. */
export const scopeFields = {
  servers: nameList.optional(),
  backends: nameList.optional(),
  models: nameList.optional(),
  actions: nameList.optional(),
}

export const permissionList = z.array(z.enum(permissions)).min(1).max(permissions.length)

/** How long it may be is checked where it is: an error tells nothing of it. */
export const passwordField = z.string().min(1).max(2_000)

export const daysField = z.int().min(1).max(MOST_DAYS)

/** `10.0.0.0/8`, `2001:db8::/32`, or an address. */
export const networkList = z
  .array(
    nameField.transform((text, context) => {
      try {
        return networkOf(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) })
        return z.NEVER
      }
    }),
  )
  .max(100)
