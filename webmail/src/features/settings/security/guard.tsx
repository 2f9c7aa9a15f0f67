import { Door, Http, SecondFactor, useKitTexts } from '@chappe/kit'
import { Modal } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { FactorAsked } from '@chappe/kit'
import type { Jmap } from '../../../jmap/client'
import { MethodError, SetError } from '../../../jmap/errors'
import { useMail } from '../../../jmap/mail'
import { askFactor, proveFactor } from './data'
import { useSecurityTexts } from './texts'

/** The kit's door, with a factor shown over JMAP: the pages of settings speak nothing else. */
class JmapDoor extends Door<null> {
  constructor(jmap: Jmap) {
    super(new Http(''), () => null)
    this.showFactor = async (proof) => {
      await proveFactor(jmap, proof)
      return null
    }
    this.freshChallenge = () => askFactor(jmap)
  }
}

const isNeeded = (cause: unknown) => (cause instanceof SetError || cause instanceof MethodError) && cause.type === 'secondFactorNeeded'

export class NotShown extends Error {}

/** Runs what may want a second factor first: asks for it, and runs it again. `asking` is to be drawn. Rejects with NotShown where it was not given. */
export function useGuard(): { guarded: <T>(act: () => Promise<T>) => Promise<T>; asking: ReactNode } {
  const say = useSecurityTexts()
  const kit = useKitTexts()
  const { jmap } = useMail()
  const [asked, setAsked] = useState<{ want: FactorAsked; shown: () => void; left: () => void } | null>(null)
  const guarded = async <T,>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (cause) {
      if (!isNeeded(cause)) throw cause
    }
    const want = await askFactor(jmap)
    await new Promise<void>((shown, refuse) => setAsked({ want, shown, left: () => refuse(new NotShown()) })).finally(() => setAsked(null))
    return act()
  }
  const asking = asked && (
    <Modal opened onClose={asked.left} title={say('again')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <SecondFactor door={new JmapDoor(jmap)} asked={asked.want} again onShown={asked.shown} />
    </Modal>
  )
  return { guarded, asking }
}
