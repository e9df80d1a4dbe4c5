"""The Model Garden's ResNet-RS-50 as its own experiment configures it, but with ReLU: RESOLUTION BATCH STEPS."""

import os
import sys

from protocol import batch, median_seconds, peak_mb, reserved, serve

channel = reserved()
os.environ["TF_USE_LEGACY_KERAS"] = "1"
resolution, size, steps = (int(one) for one in sys.argv[1:4])

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from official.core import exp_factory  # noqa: E402
from official.vision.configs import image_classification  # noqa: E402, F401
from official.vision.tasks.image_classification import ImageClassificationTask  # noqa: E402

config = exp_factory.get_exp_config("resnet_rs_imagenet")
config.task.model.num_classes = 1000
config.task.model.input_size = [resolution, resolution, 3]
config.task.model.norm_activation.activation = "relu"
config.task.model.dropout_rate = 0.0
rate = config.trainer.optimizer_config
rate.warmup.linear.warmup_steps, rate.learning_rate.cosine.initial_learning_rate = 0, 0.05

images, labels = batch(size, resolution, 3, 1000)
# Their input pipeline normalises, so the step is given what it gets there.
inputs = tf.constant((images - 127.0) / 60.0, tf.float32), tf.constant(labels)
idle = peak_mb()
task = ImageClassificationTask(config.task)
model = task.build_model()
optimizer = task.create_optimizer(rate)
optimizer.shadow_copy(model)
train = tf.function(lambda: task.train_step(inputs, model, optimizer, None)[task.loss])
infer = tf.function(lambda: model(inputs[0], training=False))


def step():
    return float(train())


losses = [step() for _ in range(1 + steps)]
serve(
    channel,
    {
        "params": sum(int(np.prod(one.shape)) for one in model.trainable_variables),
        "losses": losses,
        "memory": peak_mb() - idle,
        "version": tf.__version__,
    },
    {"step": lambda: median_seconds(step, 1), "forward": lambda: median_seconds(lambda: infer().numpy(), 2)},
)
