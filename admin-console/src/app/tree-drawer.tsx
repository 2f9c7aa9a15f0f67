import { useKitTexts } from '@chappe/kit'
import { Drawer } from '@mantine/core'
import { useAppTexts } from './texts'
import { Tree } from './tree'

/** The tree on a narrow screen. */
export default function TreeDrawer({ onClose }: { onClose: () => void }) {
  const say = useAppTexts()
  const kit = useKitTexts()
  return (
    <Drawer opened onClose={onClose} size={300} title={say('administration')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <nav aria-label={say('tree')}>
        <Tree />
      </nav>
    </Drawer>
  )
}
