import { OrchestraError } from '../errors.ts'

const tagForm = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const longestTag = 63

/**
 * Tags as they are stored: each once, sorted.
 * @throws OrchestraError ORC_SERVER_INVALID
 */
export function checkTags(tags: readonly string[]): string[] {
  for (const tag of tags) {
    if (tagForm.test(tag) && tag.length <= longestTag) continue
    throw new OrchestraError('ORC_SERVER_INVALID', `${JSON.stringify(tag)} is not a tag`, {
      hint: `Use small letters, digits, hyphens and dots, at most ${longestTag}`,
    })
  }
  return [...new Set(tags)].toSorted()
}
