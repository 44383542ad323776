import { Link } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { ActButton } from '../../parts/button.tsx'
import { ConfirmButton } from '../../parts/confirm.tsx'
import { Said } from '../../parts/said.tsx'
import { useWords } from '../../words/index.ts'
import { ProtectButton } from './protect-button.tsx'

type Explained = AnswerOf<'GET /objects/{object}/explain'>

/** All that can be done with one object. */
export function ObjectActs({ object, explained }: { object: string; explained: Explained | undefined }) {
  const words = useWords()
  const retry = useAct('POST /objects/{object}/retry')
  const collect = useAct('POST /objects/{object}/collect')
  const check = useAct('POST /syncs')
  const places = explained?.places ?? []
  return (
    <>
      <ActButton needs="retry" onPress={() => retry.isPending || retry.mutate({ object })}>
        {words.retry}
      </ActButton>
      <ActButton needs="collect" onPress={() => collect.isPending || collect.mutate({ object })}>
        {words.thing.collect}
      </ActButton>
      <ActButton needs="check" onPress={() => check.isPending || check.mutate({ object, mode: 'check' })}>
        {words.check}
      </ActButton>
      <ProtectButton object={object} protections={explained?.protections ?? []} />
      <PlacedActs object={object} places={places} />
      <Said error={retry.error ?? collect.error ?? check.error}>
        {retry.data === undefined ? null : words.retried(retry.data.hastened + retry.data.lookedAtAgain)}{' '}
        {collect.data === undefined ? null : (
          <Link to="/units/$unit" params={{ unit: collect.data.unit }}>
            {words.thing.collected}
          </Link>
        )}{' '}
        {check.data === undefined ? null : (
          <Link to="/changes/syncs/$sync" params={{ sync: check.data.id }}>
            {words.thing.checked}
          </Link>
        )}
      </Said>
    </>
  )
}

/** What is done everywhere, or in one of its places: ending what is to be done, and giving up what stands. */
function PlacedActs({ object, places }: { object: string; places: Explained['places'] }) {
  const words = useWords()
  const cancel = useAct('POST /objects/{object}/cancel')
  const forget = useAct('POST /objects/{object}/forget')
  const [at, choose] = useState('')
  const place = places.find(({ backend, server }) => `${backend} ${server}` === at)
  const there = place === undefined ? {} : { server: place.server, backend: place.backend }
  const isOpen = places.some(({ pending }) => pending.length > 0)
  const where = (
    <label>
      {words.thing.where}
      <select value={at} onChange={({ target }) => choose(target.value)}>
        <option value="">{words.everywhere}</option>
        {places.map(({ backend, server }) => (
          <option key={`${backend} ${server}`} value={`${backend} ${server}`}>
            {server} · {backend}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <>
      <ConfirmButton
        label={words.thing.end}
        title={words.thing.endTitle(object)}
        needs="cancel"
        reason={isOpen ? undefined : words.thing.nothingOpen}
        act={cancel}
        onConfirm={(close) => cancel.mutate({ object, ...there }, { onSuccess: close })}
      >
        <p>{words.log.endHelp}</p>
        {where}
      </ConfirmButton>
      <ConfirmButton
        label={words.thing.forget}
        title={words.thing.forgetTitle(object)}
        needs="forget"
        act={forget}
        onConfirm={(close) => forget.mutate({ object, ...there, yes: true }, { onSuccess: close })}
      >
        <p>{words.thing.forgetHelp}</p>
        {where}
      </ConfirmButton>
      <Said error={null}>
        {cancel.data === undefined ? null : words.cancelled(cancel.data.revoked, cancel.data.stopping.length)}
        {forget.data === undefined ? null : words.thing.forgotten(forget.data.placements)}
      </Said>
    </>
  )
}
