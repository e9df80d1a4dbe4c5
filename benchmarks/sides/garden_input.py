"""The Model Garden's input as its ResNet-RS experiment builds it: what sides/ours_input.py is told, then METHOD.

It reads TFRecords, which are first written beside the folder, and shuffles a whole epoch, as ours does.
"""

import os
import sys
from pathlib import Path

from protocol import images_per_second, only, reserved, serve

channel = reserved()
resolution, size, layers, magnitude, warm, timed, cores = (int(one) for one in sys.argv[2:9])
only(cores)
os.environ["TF_USE_LEGACY_KERAS"] = "1"
folder, method = Path(sys.argv[1]), sys.argv[9]

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from official.core import exp_factory  # noqa: E402
from official.vision.configs import common, image_classification  # noqa: E402, F401
from official.vision.ops import preprocess_ops  # noqa: E402
from official.vision.tasks.image_classification import ImageClassificationTask  # noqa: E402

SHARDS = 10


def write(file, pictures):
    with tf.io.TFRecordWriter(file) as records:
        for picture in pictures:
            label = int(picture.parent.name.rpartition("_")[2])
            content = tf.train.Feature(bytes_list=tf.train.BytesList(value=[picture.read_bytes()]))
            number = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
            features = tf.train.Features(feature={"image/encoded": content, "image/class/label": number})
            records.write(tf.train.Example(features=features).SerializeToString())


files = sorted(folder.glob("train/*/*.jpg"))
for shard in range(SHARDS):
    write(f"{folder}-records-{shard}", files[shard::SHARDS])

config = exp_factory.get_exp_config("resnet_rs_imagenet")
config.task.model.input_size = [resolution, resolution, 3]
train = config.task.train_data
train.input_path, train.global_batch_size, train.tf_resize_method = f"{folder}-records-*", size, method
train.shuffle_buffer_size = len(files)
policy = common.RandAugment(num_layers=layers, magnitude=magnitude, translate_const=100)
train.aug_type = common.Augmentation(type="randaug", randaug=policy) if layers else None
batches = ImageClassificationTask(config.task).build_inputs(train)

sums = np.zeros(2)
for images, _ in batches.take(warm + timed):
    images = images.numpy() * preprocess_ops.STDDEV_RGB + preprocess_ops.MEAN_RGB
    sums += images.mean(), (images**2).mean()
mean, square = sums / (warm + timed)
serve(
    channel,
    {
        "shape": images.shape[1:],
        "mean": float(mean),
        "deviation": float(np.sqrt(square - mean**2)),
        "version": tf.__version__,
    },
    {"read": lambda: images_per_second(batches, warm, timed)},
)
