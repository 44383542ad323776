import { checkOptions, type NamesOf } from '../options.ts'
import { invalid } from './check.ts'

/** Which saved plans are done only when another person has approved them. What is left out asks for none. */
export interface ApprovalOptions {
  /** Plans that remove more objects than this; 0 for every plan that removes one. */
  deletes?: number
  /** Plans about more servers than this. */
  servers?: number
}

export const approvalNames: NamesOf<ApprovalOptions> = { deletes: true, servers: true }

export function checkApprovals(options: ApprovalOptions = {}): Readonly<ApprovalOptions> {
  checkOptions('the configuration: `approvals`', options, approvalNames)
  for (const [name, value] of Object.entries(options))
    if (!(Number.isInteger(value) && value >= 0))
      throw invalid(`\`approvals.${name}\` is ${String(value)}`, 'It must be a whole number from 0 on')
  return Object.freeze({ ...options })
}
