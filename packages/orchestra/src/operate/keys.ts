import { z } from 'zod'
import { dropKey, type KeyStatus, keyStatus, type Rotation, rotateKey } from '../key/index.ts'
import { countField, nameField } from './fields.ts'
import { reading, writing } from './verb.ts'

export const keyShow = reading({
  name: 'key.status',
  about: 'Which keys there are, by their ids, and what needs them',
  needs: 'key',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<KeyStatus> => keyStatus(store),
})

/** How far a rotation came, and where keys are that may be dropped now. */
export type KeyRotated = Rotation & { keysFrom: 'file' | 'environment' | null }

export const keyRotate = writing({
  name: 'key.rotate',
  about: 'Encrypts everything with a new key, while workers run; run again, it goes on where it was',
  needs: 'key',
  answers: 'late',
  input: z.strictObject({
    /** Seconds to wait for workers to have the key. */
    wait: countField.default(30),
  }),
  audit: { action: 'key.rotate', target: () => 'key' },
  run: async ({ store, config, principal, signal, tell }, { wait }): Promise<KeyRotated> => {
    const rotation = await rotateKey(store, config, {
      by: principal.name,
      signal,
      patience: wait * 1_000,
      onProgress: (progress) => tell({ kind: 'rotating', progress }),
    })
    return { ...rotation, keysFrom: store.keyring.source?.kind ?? null }
  },
})

export const keyDrop = writing({
  name: 'key.drop',
  about: 'Takes a key that nothing needs any more out of the key file',
  needs: 'key',
  answers: 'soon',
  input: z.strictObject({ id: nameField }),
  audit: { action: 'key.drop', target: ({ id }) => `key:${id}` },
  run: async ({ store, principal }, { id }): Promise<{ dropped: string }> => {
    await dropKey(store, id, principal.name)
    return { dropped: id }
  },
})
