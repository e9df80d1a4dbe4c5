"""What is known of the data sets that have a name of their own."""

from __future__ import annotations

from scaling.datasets.dataset import DatasetInfo

FASHION_MNIST = DatasetInfo(
    name="fashion_mnist",
    title="Fashion-MNIST: clothes (arXiv 1708.07747)",
    classes=10,
    channels=1,
    size=28,
    train=60_000,
    test=10_000,
    mean=(0.2860,),
    std=(0.3530,),
    flip=True,
    in_memory=True,
    labels=(
        *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    sha256={
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)

SYNTHETIC = DatasetInfo(
    name="synthetic",
    title="Generated gratings: a class is a direction",
    classes=10,
    channels=3,
    size=32,
    train=10_000,
    test=1_000,
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    flip=False,
    in_memory=True,
)

IMAGENET = DatasetInfo(
    name="imagenet",
    title="ImageNet (ILSVRC 2012), its validation set of 50,000 as test",
    classes=1000,
    channels=3,
    size=224,
    train=1_281_167,
    test=50_000,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    flip=True,
    minival=25_022,
)

CIFAR10 = DatasetInfo(
    name="cifar10",
    title="CIFAR-10 (cs.toronto.edu/~kriz/cifar.html)",
    classes=10,
    channels=3,
    size=32,
    train=50_000,
    test=10_000,
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.2470, 0.2435, 0.2616),
    flip=True,
    in_memory=True,
    labels=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    sha256={"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
)

_FINE = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
    "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
    "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard "
    "lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear "
    "pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal "
    "shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank "
    "telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm "
)
"""Classes of CIFAR-100, in order of the alphabet (`fine_label_names.txt` of its archive)."""

CIFAR100 = DatasetInfo(
    name="cifar100",
    title="CIFAR-100, its 100 fine labels (cs.toronto.edu/~kriz/cifar.html)",
    classes=100,
    channels=3,
    size=32,
    train=50_000,
    test=10_000,
    mean=(0.5071, 0.4865, 0.4409),
    std=(0.2673, 0.2564, 0.2762),
    flip=True,
    in_memory=True,
    labels=tuple(_FINE.split()),
    sha256={"cifar-100-binary.tar.gz": "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
)
