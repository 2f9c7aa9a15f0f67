import { SecondFactor, useFactorTexts, useKitTexts, type FactorAsked } from '@chappe/kit'
import { Modal } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { door } from './session'

/** The second factor once more, before something dangerous. */
export default function StepUpDialog({ asked, onEnd }: { asked: FactorAsked; onEnd: (shown: boolean) => void }) {
  const say = useFactorTexts()
  const kit = useKitTexts()
  const queries = useQueryClient()
  return (
    <Modal opened onClose={() => onEnd(false)} title={say('title')} zIndex={400} closeButtonProps={{ 'aria-label': kit('close') }}>
      <SecondFactor
        door={door}
        asked={asked}
        again
        onShown={(session) => {
          queries.setQueryData(['session'], session)
          onEnd(true)
        }}
      />
    </Modal>
  )
}
