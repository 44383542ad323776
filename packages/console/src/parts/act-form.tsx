import type { AnswerOf, InputOf } from 'orchestrajs/client'
import { type ReactNode, useState } from 'react'
import { type Act, useAct } from '../api/act.ts'
import type { Permission } from '../api/me.ts'
import { useWords } from '../words/index.ts'
import { ActButton, Button } from './button.tsx'
import { Dialog, DialogForm } from './dialog.tsx'
import { type Field, FieldInput, type Values, valuesOf } from './field.tsx'
import { Problem } from './view.tsx'

interface ActFormProps<One extends Act> {
  act: One
  /** Nothing for what everybody may. */
  needs?: Permission
  server?: string | undefined
  /** On the button that opens it, and on the one that has it done. */
  label: string
  title: string
  /** What becomes of it. */
  help?: ReactNode
  fields?: readonly Field[]
  input: (values: Values) => InputOf<One>
  /** Why it cannot be done now. */
  reason?: string | undefined
  weight?: 'first'
  /** What is told of the answer before the dialog goes: what is told only once. */
  result?: (answer: AnswerOf<One>) => ReactNode
  onDone?: (answer: AnswerOf<One>) => void
}

/** A button for what is asked for with more than a press: what becomes of it, a reason, or what it is to be. */
export function ActForm<One extends Act>(props: ActFormProps<One>) {
  const { needs, server, label, reason, weight } = props
  const [isOpen, open] = useState(false)
  const button = {
    reason,
    ...(weight === undefined ? {} : { weight }),
    onPress: () => open(true),
    children: label,
  }
  return (
    <>
      {needs === undefined ? <Button {...button} /> : <ActButton {...button} needs={needs} server={server} />}
      {isOpen ? <ActDialog {...props} onClose={() => open(false)} /> : null}
    </>
  )
}

function ActDialog<One extends Act>(props: ActFormProps<One> & { onClose: () => void }) {
  const { act: name, title, help, fields = [], label, result, onDone, onClose } = props
  const words = useWords()
  const [values, setValues] = useState<Values>(() => valuesOf(fields))
  const act = useAct(name)
  const submit = () => {
    if (act.isPending) return
    act.mutate(props.input(values), {
      onSuccess: (answer) => {
        if (result === undefined) onClose()
        onDone?.(answer)
      },
    })
  }
  const input = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      isFirst={field === fields[0]}
      value={values[field.name] ?? ''}
      onValue={(value) => setValues({ ...values, [field.name]: value })}
    />
  )
  if (act.data !== undefined && result !== undefined)
    return (
      <Dialog title={title} isOpen onClose={onClose}>
        {result(act.data)}
        <Button onPress={onClose}>{words.close}</Button>
      </Dialog>
    )
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={submit}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button weight="first" type="submit" onPress={() => undefined}>
              {act.isPending ? words.working : label}
            </Button>
          </>
        }
      >
        {help === undefined ? null : <div>{help}</div>}
        {fields.filter(({ isFurther }) => isFurther !== true).map(input)}
        {fields.some(({ isFurther }) => isFurther) ? (
          <details>
            <summary>{words.further}</summary>
            {fields.filter(({ isFurther }) => isFurther).map(input)}
          </details>
        ) : null}
        {act.error === null ? null : <Problem error={act.error} />}
      </DialogForm>
    </Dialog>
  )
}
