export interface NamedError {
  object: string
  /** What the object is called on its server. */
  identity?: string | null
  error: string | null
}

/** An error without what names its object, and without numbers, which are ids, lines and positions. */
export function normalError({ error, object, identity }: NamedError): string {
  if (error === null) return ''
  const key = object.slice(object.indexOf(':') + 1)
  const named = [object, identity ?? '', key].filter((name) => name.length > 2)
  const text = named.reduce((rest, name) => rest.replaceAll(name, '*'), error)
  // What a route is, and what a pattern allows, stands in quotes too: only there it tells causes apart.
  const isQuoting = !/^(Route \d|The new route)/.test(error)
  return (isQuoting ? text.replace(/"[^"]*"|'[^']*'/g, '"*"') : text).replace(/\d+/g, '#')
}
