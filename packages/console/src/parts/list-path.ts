import { quoted } from './copy-menu.tsx'

/** Where the API has what a list shows: `/servers?q=is%3Aheld`. */
export function listPath(path: string, search: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(search).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  )
  const query = new URLSearchParams(given).toString()
  return query === '' ? path : `${path}?${query}`
}

/** The command that prints what a list shows: `orchestra server list --query is:held`. */
export function listCommand(command: string, { q }: { q?: string | undefined }): string {
  return q === undefined ? command : `${command} --query ${quoted(q)}`
}
