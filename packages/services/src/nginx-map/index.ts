import { type Backend, checkOptions, defineBackend, type NamesOf } from 'orchestrajs'
import type { z } from 'zod'
import { check, prepareServer, reloadServer } from '../nginx/server.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import { entrySchemaOf, mapLines, type NginxMapEntry, nginxMapSchema } from './map.ts'

export type { NginxMapEntry } from './map.ts'

export interface NginxMapOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  /** The variable that the map sets: `$redirect_target`. */
  variable: string
  /** What is looked up; default `$host`. */
  source?: string
  /** What the variable holds where nothing matches; default nothing. */
  otherwise?: string
  /** Keys may be names with a wildcard, such as `*.example.com`; default true. */
  hostnames?: boolean
  /** Needed where keys are long: nginx names the size it wants when it refuses one. It is for all maps of a server. */
  bucketSize?: number
  /** Where nginx includes it from; default /etc/nginx/conf.d/orchestra-NAME.conf. */
  file?: string
  entry: Mapping<Schema, Secrets, NginxMapEntry>
}

const names: NamesOf<NginxMapOptions<z.ZodType, string>> = {
  ...serviceNames,
  variable: true,
  source: true,
  otherwise: true,
  hostnames: true,
  bucketSize: true,
  file: true,
  entry: true,
}

/** A map of nginx, written as a whole from all objects. An entry that nginx refuses stays out; the others are live. */
export function nginxMap<Schema extends z.ZodType, Secrets extends string>(
  options: NginxMapOptions<Schema, Secrets>,
): Backend {
  checkOptions('nginxMap()', options, names)
  const { name = 'nginx-map', model, after = [] } = options
  const map = checked('An nginx map', nginxMapSchema, {
    ...options,
    file: options.file ?? `/etc/nginx/conf.d/orchestra-${name}.conf`,
  })
  const entrySchema = entrySchemaOf(map)
  const entryOf = (object: Parameters<typeof options.entry>[0]) =>
    checked('An entry of an nginx map', entrySchema, options.entry(object))
  return defineBackend({
    ...policiesOf(options),
    name,
    model,
    after,
    identity: (object) => entryOf(object).from[0],
    prepare: prepareServer,
    sync(script, objects) {
      const { head, entry, foot } = mapLines(map)
      const content = [head, objects.map((object) => entry(entryOf(object))), foot]
      script.file(map.file, content, { mode: '0644', check })
      reloadServer(script)
    },
  })
}
