// A trainer of one's own: all commands of `trainer`, with another family of models and another task.
import Commands
import Models
import Tasks

try ModelFamily.register(PlainSpecification.self)
try TaskRegistry.register(BrightnessConfiguration.self)
Trainer.main()
