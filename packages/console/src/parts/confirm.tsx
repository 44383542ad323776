import { type ReactNode, useState } from 'react'
import type { Permission } from '../api/me.ts'
import { useWords } from '../words/index.ts'
import { ActButton, Button } from './button.tsx'
import { Dialog, DialogForm } from './dialog.tsx'
import { Problem } from './view.tsx'

interface ConfirmButtonProps {
  /** What is done, in a word or two. */
  label: string
  title: string
  /** What comes of it. */
  children: ReactNode
  needs: Permission
  server?: string | undefined
  reason?: string | undefined
  act: {
    error: Error | null
    isPending: boolean
    reset: () => void
  }
  /** Does it, and closes when it is done. */
  onConfirm: (close: () => void) => void
}

/** A button for what cannot be taken back: it says what comes of it before it is done, and whoever closes that has done nothing. */
export function ConfirmButton({ label, title, children, act, onConfirm, ...button }: ConfirmButtonProps) {
  const words = useWords()
  const [isOpen, open] = useState(false)
  const close = () => open(false)
  return (
    <>
      <ActButton
        {...button}
        onPress={() => {
          act.reset()
          open(true)
        }}
      >
        {label}
      </ActButton>
      {isOpen ? (
        <Dialog title={title} isOpen onClose={close}>
          <DialogForm
            onSubmit={() => act.isPending || onConfirm(close)}
            actions={
              <>
                <Button onPress={close}>{words.cancel}</Button>
                <Button weight="first" type="submit" onPress={() => undefined}>
                  {label}
                </Button>
              </>
            }
          >
            {children}
            {act.error === null ? null : <Problem error={act.error} />}
          </DialogForm>
        </Dialog>
      ) : null}
    </>
  )
}
