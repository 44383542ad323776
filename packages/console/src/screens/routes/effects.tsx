import type { AnswerOf } from 'orchestrajs/client'
import css from './routes.module.css'
import { own } from './words.ts'

export type Rerouting = AnswerOf<'PATCH /routes/{route}'>['preview']

/** What a change of routes does to what stands, server by server. */
export function Effects({ of: { objects, effects, unknown } }: { of: Rerouting }) {
  return (
    <>
      {unknown.length === 0 ? null : <p>{own.unknown(unknown.join(', '))}</p>}
      {effects.length === 0 ? (
        <p>{own.noEffect}</p>
      ) : (
        <>
          <p>{own.seen(objects)}</p>
          <ul className={css.effects}>
            {effects.map((effect) => (
              <li key={`${effect.kind} ${effect.backend} ${effect.server}`}>
                <strong>
                  {effect.server ?? '–'} · {effect.backend}: {effect.count} {own.effect[effect.kind]}
                </strong>{' '}
                {effect.nowhere > 0 ? own.nowhere(effect.nowhere) : null}
                <br />
                <small>
                  {effect.objects.map(({ object }) => object).join(', ')}
                  {effect.count > effect.objects.length
                    ? ` ${own.andMore(effect.count - effect.objects.length)}`
                    : null}
                </small>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

/**
 * How many are removed where that is more than usual, which somebody has to write down; null where it can be done by a press. As the
 * guard of a synchronization has it: more than ten and more than a tenth of what stands there.
 */
export function removedBeyond({ effects }: Rerouting): number | null {
  const leaving = effects.filter(({ kind }) => kind === 'removed' || kind === 'moved')
  const many = leaving.filter(({ count, standing }) => count > Math.max(10, standing / 10))
  return many.length === 0 ? null : leaving.reduce((sum, { count }) => sum + count, 0)
}
